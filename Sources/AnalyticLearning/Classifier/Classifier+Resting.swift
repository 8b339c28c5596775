extension Classifier {
    /// Returns the buffers of a block, some hundred rows of D doubles, to the system. The next block gets them back without an
    /// allocation that could fail, and computes the same bits as if there had been no rest.
    ///
    /// - Complexity: O(1); the next block touches its pages again, as the first did.
    public func rest() { core.rest() }

    /// Whether the buffers have no memory: since the model began, or since `rest`.
    public var isAtRest: Bool { core.isAtRest }

    /// The bytes of the model now, besides its labels; nil if the number does not fit a 64-bit integer.
    package var heldBytes: Int? {
        guard isAtRest else { return configuration.estimatedBytes(classes: registry.count) }
        return configuration.restingBytes(classes: registry.count).map { $0 + gatheredBytes }
    }

    /// The memory of rows that wait beside the square, and stay when the model rests.
    package var gatheredBytes: Int { core.view.gatheredBytes }
}
