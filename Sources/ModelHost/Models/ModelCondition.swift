/// What can be done with a model.
public enum ModelCondition: Sendable, Equatable {
    /// Everything.
    case ready
    /// It accepts no change yet: it is being read from the data directory. It predicts as soon as its stored weights are read, if nothing
    /// was learned after they were stored.
    case recovering
    /// Nothing, for this reason: it could not be read from the data directory.
    case lost(String)
    /// It predicts, but accepts no change, for this reason.
    case stopped(String)
}
