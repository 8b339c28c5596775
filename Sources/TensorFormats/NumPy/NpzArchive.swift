/// An npz file in memory: a zip archive of npy files, stored or deflated, as `numpy.savez` and `numpy.savez_compressed` write it.
///
/// Opening the archive checks its directory; requesting an array checks the array. The bytes must stay valid while the archive and its
/// arrays are used.
public struct NpzArchive {
    /// The names of the arrays, without `.npy`, in the order of the archive.
    public let names: [String]

    private let file: UnsafeRawBufferPointer
    private let directory: ZipDirectory

    /// Opens an archive.
    ///
    /// Refuses zip64, split and encrypted archives, methods other than deflate, duplicate names, and overlapping entries.
    public init(_ file: UnsafeRawBufferPointer) throws(NpzError) {
        self.file = file
        directory = try ZipDirectory(file)
        names = directory.entries.map { Self.arrayName($0.name) }
        // `a` and `a.npy` are two names in a zip archive, but one in NumPy.
        var seen: Set<ExactName> = []
        for name in names where !seen.insert(ExactName(name)).inserted { throw NpzError(.duplicateName, entry: name, at: file.count) }
    }

    /// Reads an array: checks its data against the checksum and its header against the format.
    ///
    /// - Parameters:
    ///   - name: The name without `.npy`.
    ///   - maximumByteCount: The largest npy file allowed, uncompressed.
    /// - Complexity: Linear in the size; stored arrays are not copied.
    public func array(named name: String, maximumByteCount: Int = .max) throws(NpzError) -> NpzArray {
        guard let index = names.firstIndex(where: { $0.hasSameBytes(as: name) }) else { throw NpzError(.missing, entry: name, at: 0) }
        let entry = directory.entries[index]
        let start = entry.data.lowerBound
        guard Int(entry.uncompressedSize) <= maximumByteCount else {
            throw NpzError(.tooLarge(UInt64(entry.uncompressedSize), limit: maximumByteCount), entry: name, at: start)
        }
        let stored = UnsafeRawBufferPointer(rebasing: file[entry.data])
        var inflated: [UInt8]?
        if entry.isDeflated {
            do throws(InflateError) {
                inflated = try Inflate.decompress(stored, count: Int(entry.uncompressedSize))
            } catch { throw NpzError(.inflate(error), entry: name, at: start + error.offset) }
        }
        let storage = inflated.map { NpzArray.Storage.owned($0) } ?? .inPlace(stored)
        return try storage.withUnsafeBytes { (bytes) throws(NpzError) in
            guard CRC32.checksum(of: bytes) == entry.checksum else { throw NpzError(.checksumMismatch, entry: name, at: start) }
            do throws(NpyError) {
                return NpzArray(name: name, header: try NpyHeader(bytes), storage: storage)
            } catch { throw NpzError(.npy(error), entry: name, at: start + (entry.isDeflated ? 0 : error.offset)) }
        }
    }

    private static func arrayName(_ entry: String) -> String {
        entry.hasSuffix(".npy") ? String(entry.dropLast(4)) : entry
    }
}
