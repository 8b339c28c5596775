/// The central directory of a zip archive, checked: the entries and their places, which do not overlap.
///
/// Format: PKWARE, APPNOTE.TXT 6.3. Sizes and checksums come from the directory only, so entries streamed with a data descriptor, and those
/// with zip64 fields in their local header, are read like others.
struct ZipDirectory {
    struct Entry {
        let name: String
        let isDeflated: Bool
        let checksum: UInt32
        let uncompressedSize: UInt32
        /// The range of the stored or deflated data.
        let data: Range<Int>
    }

    private(set) var entries: [Entry] = []
    private let file: UnsafeRawBufferPointer

    init(_ file: UnsafeRawBufferPointer) throws(NpzError) {
        self.file = file
        let end = try Self.endRecord(of: file)
        let count = Int(u16(end + 10))
        let size = Int(u32(end + 12))
        let start = Int(u32(end + 16))
        if count == 0xFFFF || size == 0xFFFF_FFFF || start == 0xFFFF_FFFF { throw NpzError(.unsupported("zip64"), at: end) }
        guard u16(end + 4) == 0, u16(end + 6) == 0, u16(end + 8) == count else { throw NpzError(.unsupported("split"), at: end) }
        guard start <= end, end - start == size else { throw damaged("its directory is not where its end record says", at: end) }

        var position = start
        var names: Set<ExactName> = []
        // An entry takes at least 46 bytes, so nothing is reserved for the count alone.
        for _ in 0..<count {
            let entry = try readEntry(&position, limit: end, directoryStart: start)
            guard names.insert(ExactName(entry.name)).inserted else { throw NpzError(.duplicateName, entry: entry.name, at: position) }
            entries.append(entry)
        }
        guard position == end else { throw damaged("the size of its directory differs from its end record", at: position) }
        try checkOverlaps()
    }

    /// The record at the very end of the file, followed only by its own comment.
    private static func endRecord(of file: UnsafeRawBufferPointer) throws(NpzError) -> Int {
        guard file.count >= 22 else { throw NpzError(.notZip, at: file.count) }
        var position = file.count - 22
        let last = max(0, position - 0xFFFF)
        while position >= last {
            if file[position] == 0x50, file[position + 1] == 0x4B, file[position + 2] == 5, file[position + 3] == 6,
                Int(file[position + 20]) | Int(file[position + 21]) << 8 == file.count - position - 22
            {
                return position
            }
            position -= 1
        }
        throw NpzError(.notZip, at: file.count)
    }

    private func readEntry(_ position: inout Int, limit: Int, directoryStart: Int) throws(NpzError) -> Entry {
        let start = position
        guard limit - start >= 46, u32(start) == 0x0201_4B50 else { throw damaged("a directory entry is cut off", at: start) }
        let nameLength = Int(u16(start + 28))
        let length = 46 + nameLength + Int(u16(start + 30)) + Int(u16(start + 32))
        guard limit - start >= length else { throw damaged("a directory entry is cut off", at: start) }
        position = start + length

        let nameBytes = UnsafeRawBufferPointer(rebasing: file[start + 46..<start + 46 + nameLength])
        guard UTF8Sequence.isValid(nameBytes) else { throw damaged("a name is not UTF-8", at: start + 46) }
        let name = String(decoding: nameBytes, as: UTF8.self)
        let flags = u16(start + 8)
        // Encryption, of the data or of the directory.
        if flags & 0x2041 != 0 { throw NpzError(.unsupported("encrypted"), entry: name, at: start) }
        if flags & 0x20 != 0 { throw NpzError(.unsupported("patched"), entry: name, at: start) }
        let method = u16(start + 10)
        guard method == 0 || method == 8 else {
            throw NpzError(.unsupported("method \(method)"), entry: name, at: start + 10)
        }
        let compressedSize = u32(start + 20)
        let uncompressedSize = u32(start + 24)
        let header = u32(start + 42)
        if compressedSize == .max || uncompressedSize == .max || header == .max {
            throw NpzError(.unsupported("zip64"), entry: name, at: start)
        }
        guard method == 8 || compressedSize == uncompressedSize else {
            throw NpzError(.damaged("a stored entry has two sizes"), entry: name, at: start)
        }
        let data = try locateData(Int(header), nameBytes, method, directoryStart)
        guard Int(compressedSize) <= directoryStart - data else {
            throw NpzError(.damaged("an entry overlaps the directory"), entry: name, at: data)
        }
        return Entry(
            name: name, isDeflated: method == 8, checksum: u32(start + 16), uncompressedSize: uncompressedSize,
            data: data..<data + Int(compressedSize))
    }

    /// Where the data of the entry with its local header at `header` begins.
    private func locateData(
        _ header: Int, _ name: UnsafeRawBufferPointer, _ method: UInt16, _ directoryStart: Int
    ) throws(NpzError) -> Int {
        guard header <= directoryStart - 30, u32(header) == 0x0403_4B50 else {
            throw damaged("an entry's header is not where the directory says", at: header)
        }
        let nameLength = Int(u16(header + 26))
        let data = header + 30 + nameLength + Int(u16(header + 28))
        guard data <= directoryStart, nameLength == name.count, u16(header + 8) == method,
            file[header + 30..<header + 30 + nameLength].elementsEqual(name)
        else { throw damaged("an entry's header contradicts the directory", at: header) }
        return data
    }

    /// Small archives pretend to be huge by letting entries share data.
    private func checkOverlaps() throws(NpzError) {
        var end = 0
        for entry in entries.sorted(by: { $0.data.lowerBound < $1.data.lowerBound }) {
            // At least a header precedes the data.
            guard entry.data.lowerBound - 30 >= end else {
                throw NpzError(.damaged("entries overlap"), entry: entry.name, at: entry.data.lowerBound)
            }
            end = entry.data.upperBound
        }
    }

    private func u16(_ position: Int) -> UInt16 {
        UInt16(littleEndian: file.loadUnaligned(fromByteOffset: position, as: UInt16.self))
    }

    private func u32(_ position: Int) -> UInt32 {
        UInt32(littleEndian: file.loadUnaligned(fromByteOffset: position, as: UInt32.self))
    }

    private func damaged(_ why: String, at offset: Int) -> NpzError { NpzError(.damaged(why), at: offset) }
}
