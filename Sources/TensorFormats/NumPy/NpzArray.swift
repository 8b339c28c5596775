/// One array of an npz archive, decompressed if necessary.
public struct NpzArray {
    enum Storage {
        /// The bytes of an npy file in the archive.
        case inPlace(UnsafeRawBufferPointer)
        /// A decompressed npy file.
        case owned([UInt8])

        func withUnsafeBytes<Result, Failure: Error>(
            _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
        ) throws(Failure) -> Result {
            switch self {
            case .inPlace(let bytes): try body(bytes)
            case .owned(let bytes):
                try bytes.withUnsafeBufferPointer { (buffer) throws(Failure) in try body(UnsafeRawBufferPointer(buffer)) }
            }
        }
    }

    /// The name without `.npy`.
    public let name: String
    private let header: NpyHeader
    private let storage: Storage

    init(name: String, header: NpyHeader, storage: Storage) {
        self.name = name
        self.header = header
        self.storage = storage
    }

    /// The layout of the array in memory.
    public var layout: ArrayLayout { header.layout }

    /// Calls `body` with the array, which is valid only during the call.
    public func withView<Result, Failure: Error>(_ body: (ArrayView) throws(Failure) -> Result) throws(Failure) -> Result {
        try storage.withUnsafeBytes { (file) throws(Failure) in
            try body(ArrayView(header.layout, name: name, bytes: UnsafeRawBufferPointer(rebasing: file[header.dataOffset...])))
        }
    }
}
