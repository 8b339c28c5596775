/// What a `BodyConsumer` wants next.
public enum BodyDemand: Sendable {
    /// More octets.
    case more
    /// Nothing until `BodyFlow.resume()`. The client is not blamed for the delay.
    case pause
}
