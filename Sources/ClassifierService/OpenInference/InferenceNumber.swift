/// The numeric request parameters of every model, in the order of its signature.
enum InferenceNumber: Int {
    case reject, coverage, balance
}
