/// The start of an npy file: the array's layout, and where its data begins.
///
/// Versions 1 to 3 of the format: NumPy Enhancement Proposal 1, and numpy.lib.format.
struct NpyHeader {
    /// Far more than NumPy itself reads, and far more than the header's content needs.
    static let maximumLength = 65_536

    let layout: ArrayLayout
    let dataOffset: Int

    init(_ file: UnsafeRawBufferPointer) throws(NpyError) {
        let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
        for (index, byte) in magic.enumerated() where index < file.count && file[index] != byte {
            throw NpyError(.notNpy, at: index)
        }
        guard file.count >= 10 else { throw NpyError(.truncated(needed: 10, available: file.count), at: file.count) }
        let (major, minor) = (file[6], file[7])
        guard (1...3).contains(major), minor == 0 else { throw NpyError(.unknownVersion(major, minor), at: 6) }
        // Version 1 has two bytes for the header's length, later ones four.
        let start = major == 1 ? 10 : 12
        guard file.count >= start else { throw NpyError(.truncated(needed: start, available: file.count), at: file.count) }
        var length = 0
        for index in (8..<start).reversed() { length = length << 8 | Int(file[index]) }
        guard length <= Self.maximumLength else {
            throw NpyError(.headerTooLong(length, limit: Self.maximumLength), at: 8)
        }
        guard file.count >= start + length else {
            throw NpyError(.truncated(needed: start + length, available: file.count), at: file.count)
        }
        var parser = NpyHeaderParser(UnsafeRawBufferPointer(rebasing: file[start..<start + length]), offset: start)
        layout = try parser.parse()
        dataOffset = start + length
        guard file.count - dataOffset == layout.byteCount else {
            throw NpyError(.wrongByteCount(file.count - dataOffset, expected: layout.byteCount), at: dataOffset)
        }
    }
}

extension ArrayView {
    /// The array of an npy file in memory.
    ///
    /// Accepts versions 1 to 3; floating-point numbers of 2, 4 and 8 bytes, integers, booleans and texts, in either byte order and either
    /// element order.
    ///
    /// - Parameters:
    ///   - file: The whole file; data after the array is an error.
    ///   - name: The name of the array in messages.
    public init(npy file: UnsafeRawBufferPointer, name: String) throws(NpyError) {
        let header = try NpyHeader(file)
        self.init(header.layout, name: name, bytes: UnsafeRawBufferPointer(rebasing: file[header.dataOffset...]))
    }

    /// A view of bytes whose number is known to match the layout.
    init(_ layout: ArrayLayout, name: String, bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count == layout.byteCount)
        self.init(name: name, layout: layout, bytes: bytes)!
    }
}
