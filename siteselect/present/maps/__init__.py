"""The planner's map: a result as one page that needs no network and shows data as text only."""
