import Testing

@testable import TensorFormats

/// Signatures of files, and the names of their formats.
@Suite struct FileSignatureTests {
    private func signature(_ bytes: [UInt8]) -> FileSignature? { bytes.withUnsafeBytes { FileSignature($0) } }
    private func signature(_ text: String, _ more: [UInt8] = []) -> FileSignature? { signature(Array(text.utf8) + more) }

    private func zip(_ name: String) -> [UInt8] {
        [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 22) + [UInt8(name.utf8.count), 0, 0, 0] + Array(name.utf8)
    }

    @Test func formats_areTold() {
        #expect(signature([0x93] + Array("NUMPY".utf8)) == .npy)
        #expect(signature(zip("features.npy")) == .npz && signature(zip("features")) == .npz && signature([0x50, 0x4B, 5, 6]) == .npz)
        #expect(signature(zip("xl/workbook.xml")) == .workbook && signature(zip("[Content_Types].xml")) == .workbook)
        #expect(signature(zip("archive/data.pkl")) == .torch && signature(zip("a/b.txt")) == .zip)
        #expect(signature([64, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x22]) == .safetensors)
        #expect(signature([0x1F, 0x8B, 8]) == .gzip)
        #expect(signature("PAR1", [0x15, 0]) == .parquet && signature("ARROW1", [0, 0]) == .arrow && signature("FEA1", [0]) == .feather)
        #expect(signature([0x89] + Array("HDF\r\n\u{1A}\n".utf8)) == .hdf5 && signature([0x80, 4, 0x95]) == .pickle)
        #expect(signature([0x89] + Array("PNG\r\n\u{1A}\n".utf8)) == .png && signature([0xFF, 0xD8, 0xFF, 0xE0]) == .jpeg)
        #expect(signature("BZh91AY&SY") == .bzip2 && signature("<?xml version") == .markup && signature("%PDF-1.7") == .pdf)
        for kind in FileSignature.allCases { #expect(kind.description.hasPrefix("a")) }
    }

    @Test(arguments: ["", "1,2,x", "PAR1,PAR2,label\n", "ORC,label\n1,a", "BZh,1", "PK", "{\"features\":[1]}", "label 1:2", "\u{FEFF}a,b"])
    func texts_areNone(_ text: String) { #expect(signature(text) == nil) }

    @Test func anyBytes_areRead() {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<2000 {
            _ = signature((0..<Int.random(in: 0...40, using: &generator)).map { _ in .random(in: 0...255, using: &generator) })
        }
    }
}
