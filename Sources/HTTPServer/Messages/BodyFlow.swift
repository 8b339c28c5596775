/// Resumes the content of one request after `BodyDemand.pause`.
public struct BodyFlow: Sendable {
    let address: ConnectionAddress
    let sequence: UInt32

    /// Resumes reading; from any thread, even before `receive` has returned. Without a pause it does nothing.
    public func resume() {
        address.resume(sequence)
    }
}
