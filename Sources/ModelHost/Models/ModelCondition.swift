/// What can be done with a model.
public enum ModelCondition: Sendable, Equatable {
    /// Everything.
    case ready
    /// Nothing yet: it is being read from the data directory.
    case recovering
    /// Nothing, for this reason: it could not be read from the data directory.
    case lost(String)
    /// It predicts, but accepts no change, for this reason.
    case stopped(String)
}
