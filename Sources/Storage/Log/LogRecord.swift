internal import TensorFormats

/// A unit of a log: its bytes are collected after space for the header, so that one call writes everything.
///
/// A record can be reused after `removeAll`; its memory is kept unless it has grown large.
public struct LogRecord: Sendable {
    /// The header's space, then the body.
    private(set) var bytes: [UInt8]

    /// A record without a body.
    public init() {
        bytes = [UInt8](repeating: 0, count: LogFormat.headerSize)
    }

    /// The bytes of the body so far.
    public var count: Int { bytes.count - LogFormat.headerSize }

    /// Empties the body.
    public mutating func removeAll() {
        if bytes.capacity > 1 << 24 { bytes = [] } else { bytes.removeAll(keepingCapacity: true) }
        bytes.append(contentsOf: repeatElement(0, count: LogFormat.headerSize))
    }

    /// Reserves space for `count` more bytes.
    public mutating func reserve(_ count: Int) {
        bytes.reserveAppending(count)
    }

    /// Appends bytes.
    public mutating func append(_ more: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: more)
    }

    /// Appends an integer, little-endian.
    public mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Appends zeros up to a multiple of 8 bytes of the body.
    public mutating func align() {
        while bytes.count % LogFormat.alignment != 0 { bytes.append(0) }
    }

    /// Pads the body and writes the header for an offset in a file.
    mutating func seal(version: Int, salt: UInt64, offset: Int) {
        let length = count
        align()
        let checksum = bytes.withUnsafeBytes { CRC32C(UnsafeRawBufferPointer(rebasing: $0[LogFormat.headerSize...])).value }
        LogFormat.RecordHeader(bodyChecksum: checksum, length: length, version: version).store(in: &bytes, salt: salt, offset: offset)
    }
}
