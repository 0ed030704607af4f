"""The one composer: a study in, a result out; and what is asked of a finished result."""
