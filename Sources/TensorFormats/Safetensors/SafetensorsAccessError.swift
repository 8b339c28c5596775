/// Why access to a tensor's elements in place ended: the tensor does not fit, or the caller's own code failed.
public enum SafetensorsAccessError<BodyError: Error>: Error {
    /// The tensor is not what was asked for.
    case format(SafetensorsError)
    /// The error of the closure.
    case body(BodyError)
}
