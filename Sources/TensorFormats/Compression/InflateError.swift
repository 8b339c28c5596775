/// Why deflated data was refused (RFC 1951), and at which byte of it.
public struct InflateError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was wrong.
    public enum Kind: Equatable, Sendable {
        /// The data ends inside a block.
        case truncated
        /// A block type that the format reserves.
        case reservedBlockType
        /// A stored block whose length and complement differ.
        case storedLength
        /// Code lengths that do not form a complete prefix code.
        case invalidCode
        /// A code without a symbol.
        case invalidSymbol
        /// A distance before the start of the output.
        case distanceTooFar
        /// More output than expected.
        case tooMuchOutput(expected: Int)
        /// Less output than expected.
        case tooLittleOutput(Int, expected: Int)
        /// More output than the caller allows.
        case pastLimit(Int)
        /// The memory for the output is not available.
        case noMemory
        /// Bytes after the last block.
        case trailingBytes(Int)
    }

    /// What was wrong.
    public var kind: Kind
    /// The offset of the error in bytes.
    public var offset: Int

    /// Makes an error.
    public init(_ kind: Kind, at offset: Int) {
        self.kind = kind
        self.offset = offset
    }

    /// The reason in English, without the offset.
    public var reason: String {
        switch kind {
        case .truncated: "the deflated data is truncated"
        case .reservedBlockType: "a block has a reserved type"
        case .storedLength: "the length of a stored block does not match its complement"
        case .invalidCode: "a block has invalid code lengths"
        case .invalidSymbol: "a code has no symbol"
        case .distanceTooFar: "a distance reaches back past the start of the output"
        case .tooMuchOutput(let expected): "the output is larger than the announced \(expected) bytes"
        case .tooLittleOutput(let count, let expected): "the output has \(count) bytes, but \(expected) were announced"
        case .pastLimit(let limit): "the output is larger than \(limit) bytes"
        case .noMemory: "there is no memory for the output"
        case .trailingBytes(let count): "\(count) bytes follow the deflated data"
        }
    }

    /// The reason and the offset.
    public var description: String { "\(reason) (at byte \(offset))" }
}
