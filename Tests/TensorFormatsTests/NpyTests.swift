import Testing

@testable import TensorFormats

/// An npy file with the given header text, padded as NumPy does, and data.
func npyFile(_ header: String, _ data: [UInt8], version: UInt8 = 1) -> [UInt8] {
    var text = Array(header.utf8)
    let prefix = version == 1 ? 10 : 12
    while (prefix + text.count + 1) % 64 != 0 { text.append(0x20) }
    text.append(0x0A)
    var file: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, version, 0, UInt8(text.count & 0xFF), UInt8(text.count >> 8)]
    if version > 1 { file += [0, 0] }
    return file + text + data
}

/// The bytes of scalars, lowest first or, for `>`, highest first.
func bytes<Scalar: BitwiseCopyable>(of scalars: [Scalar], bigEndian: Bool = false) -> [UInt8] {
    scalars.flatMap { scalar in
        let bytes = withUnsafeBytes(of: scalar) { Array($0) }
        return bigEndian ? bytes.reversed() : bytes
    }
}

@Suite struct NpyTests {
    private func matrix(_ file: [UInt8], columns: Int) throws -> [Double] {
        try file.withUnsafeBytes { bytes in
            var values: [Double] = []
            let rows = try ArrayView(npy: bytes, name: "features").appendMatrix(columns: columns, into: &values, maximumRows: 100)
            #expect(rows * columns == values.count)
            return values
        }
    }

    private func labels(_ file: [UInt8]) throws -> [String] {
        try file.withUnsafeBytes { bytes in
            var strings = PackedStrings()
            let count = try ArrayView(npy: bytes, name: "labels").appendLabels(into: &strings, maximumCount: 100, maximumBytes: 100)
            return (0..<count).map { strings[$0] }
        }
    }

    private func error(_ file: [UInt8]) -> NpyError? {
        file.withUnsafeBytes { bytes in
            do throws(NpyError) {
                _ = try ArrayView(npy: bytes, name: "a")
                return nil
            } catch { return error }
        }
    }

    @Test(arguments: [UInt8(1), 2, 3])
    func everyByteAndElementOrder_isRead(_ version: UInt8) throws {
        let rows: [Float] = [1, 2.5, -3, 4, 1e10, 0]
        let columnsFirst: [Float] = [1, -3, 1e10, 2.5, 4, 0]
        for (mark, bigEndian) in [("<", false), (">", true)] {
            for (flag, order) in [("False", rows), ("True", columnsFirst)] {
                let single = npyFile(
                    "{'descr': '\(mark)f4', 'fortran_order': \(flag), 'shape': (3, 2), }", bytes(of: order, bigEndian: bigEndian),
                    version: version)
                #expect(try matrix(single, columns: 2) == rows.map { Double($0) })
                let double = npyFile(
                    "{'descr': '\(mark)f8', 'fortran_order': \(flag), 'shape': (3, 2), }",
                    bytes(of: order.map { Double($0) }, bigEndian: bigEndian),
                    version: version)
                #expect(try matrix(double, columns: 2) == rows.map { Double($0) })
            }
        }
    }

    @Test func headersOfPython2_areRead() throws {
        for (shape, columns) in [("(2L, 3L)", 3), ("(2L, 3)", 3), ("(6L, 1L,)", 1)] {
            let file = npyFile("{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }", bytes(of: [1, 2, 3, 4, 5, 6] as [Float]))
            #expect(try matrix(file, columns: columns) == [1, 2, 3, 4, 5, 6])
        }
        let one = npyFile("{'descr': '|S1', 'fortran_order': False, 'shape': (2L,), }", Array("ab".utf8))
        #expect(try labels(one) == ["a", "b"])
        for shape in ["(2LL, 3)", "(L, 3)", "(02L, 3)", "(2l, 3)"] {
            #expect(error(npyFile("{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }", [])) != nil, "\(shape)")
        }
    }

    @Test func halfPrecision_isRead() throws {
        for (mark, isBig) in [("<", false), (">", true)] {
            let file = npyFile(
                "{'descr': '\(mark)f2', 'fortran_order': False, 'shape': (2, 2), }",
                bytes(of: [Float16(1), 0.5, -2, 65504], bigEndian: isBig))
            #expect(try matrix(file, columns: 2) == [1, 0.5, -2, 65504])
        }
    }

    @Test func integerLabels_keepTheirDecimalText() throws {
        func file(_ type: String, _ data: [UInt8]) -> [UInt8] {
            npyFile("{'descr': '\(type)', 'fortran_order': False, 'shape': (3,), }", data)
        }
        #expect(try labels(file("|i1", bytes(of: [Int8.min, 5, .max]))) == ["-128", "5", "127"])
        #expect(try labels(file("|u1", bytes(of: [UInt8.min, 5, .max]))) == ["0", "5", "255"])
        #expect(try labels(file("<i2", bytes(of: [Int16.min, 5, .max]))) == ["-32768", "5", "32767"])
        #expect(try labels(file(">i4", bytes(of: [Int32.min, -1, .max], bigEndian: true))) == ["-2147483648", "-1", "2147483647"])
        #expect(try labels(file("<i8", bytes(of: [Int64.min, -1, .max]))) == ["\(Int64.min)", "-1", "\(Int64.max)"])
        #expect(try labels(file(">u8", bytes(of: [UInt64.min, 1, .max], bigEndian: true))) == ["0", "1", "\(UInt64.max)"])
    }

    @Test func textLabels_loseOnlyTheirFill() throws {
        let scalars: [[UInt32]] = [[0x63, 0x61, 0x74], [0xE9, 0, 0], [0x1F600, 0x21, 0], [0, 0, 0], [0x61, 0, 0x62]]
        for (mark, bigEndian) in [("<", false), (">", true)] {
            let file = npyFile(
                "{'descr': '\(mark)U3', 'fortran_order': False, 'shape': (5,), }", bytes(of: scalars.flatMap { $0 }, bigEndian: bigEndian))
            #expect(try labels(file) == ["cat", "é", "😀!", "", "a\u{0}b"])
        }
        let file = npyFile("{'descr': '|S3', 'fortran_order': False, 'shape': (4,), }", Array("catdo\u{0}\u{0}\u{0}\u{0}é\u{0}".utf8))
        #expect(try labels(file) == ["cat", "do", "", "é"])
    }

    @Test(
        arguments: [
            ("", .invalidHeader("'{' is missing")), ("{", .invalidHeader("a quoted string is missing")),
            ("{}", .invalidHeader("one of descr, fortran_order and shape is missing")),
            ("{'descr': '<f4', 'shape': (1,)}", .invalidHeader("one of descr, fortran_order and shape is missing")),
            ("{'descr': '<f4', 'fortran_order': false, 'shape': (1,)}", .invalidHeader("fortran_order must be True or False")),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': 1}", .invalidHeader("'(' is missing")),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (1)}", .invalidHeader("shape is not a tuple")),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", .invalidHeader("shape contains something other than sizes")),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2 3)}", .invalidHeader("shape is not a tuple of at most 32 sizes")),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (01,)}", .invalidHeader("a size in shape has leading zeros")),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808,)}",
                .invalidHeader("a size in shape is out of range")
            ),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807,)}", .shapeTooLarge([.max])),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 0)}",
                .shapeTooLarge([4_294_967_296, 4_294_967_296, 0])
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'shape': (1,)}",
                .invalidHeader("the key 'shape' is unknown or appears twice")
            ),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}", .invalidHeader("the key 'x' is unknown or appears twice")),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", .invalidHeader("unexpected text follows the dictionary")),
            ("{'descr': '<f4' 'fortran_order': False, 'shape': (1,)}", .invalidHeader("'}' is missing")),
            ("{'descr': '<f\\x34', 'fortran_order': False, 'shape': (1,)}", .invalidHeader("a string contains unexpected characters")),
            ("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", .objectArray),
            ("{'descr': 'O', 'fortran_order': False, 'shape': (1,)}", .unsupportedType("O")),
            ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", .unsupportedType("structured")),
            ("{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}", .unsupportedType("<f16")),
            ("{'descr': '|f4', 'fortran_order': False, 'shape': (1,)}", .unsupportedType("|f4")),
            ("{'descr': '=f4', 'fortran_order': False, 'shape': (1,)}", .unsupportedType("=f4")),
            ("{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", .unsupportedType("<c8")),
            ("{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (1,)}", .unsupportedType("<M8[ns]")),
            ("{'descr': '<i3', 'fortran_order': False, 'shape': (1,)}", .unsupportedType("<i3")),
            ("{'descr': '<U', 'fortran_order': False, 'shape': (1,)}", .unsupportedType("<U")),
            ("{'descr': '<U99999999999', 'fortran_order': False, 'shape': (1,)}", .unsupportedType("<U99999999999")),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", .wrongByteCount(4, expected: 8)),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (0,)}", .wrongByteCount(4, expected: 0)),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4)}", .wrongByteCount(4, expected: 1 << 36)),
        ] as [(String, NpyError.Kind)])
    func malformedHeader_isRefused(_ header: String, _ expected: NpyError.Kind) {
        #expect(error(npyFile(header, [0, 0, 0, 0]))?.kind == expected)
    }

    @Test func everyCutFile_isRefused() {
        let file = npyFile("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }", [0, 0, 0, 0])
        #expect(error(file) == nil)
        for length in 0..<file.count { #expect(error(Array(file[..<length])) != nil, "\(length)") }
        #expect(error(file + [0])?.kind == .wrongByteCount(5, expected: 4))
        #expect(error([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x58] + file[6...])?.kind == .notNpy)
        #expect(error(file[..<6] + [4, 0] + file[8...])?.kind == .unknownVersion(4, 0))
        #expect(error(file[..<6] + [2, 0, 0xFF, 0xFF, 0xFF, 0xFF] + file[12...])?.kind == .headerTooLong(0xFFFF_FFFF, limit: 65_536))
    }

    @Test func mutatedFile_neverTraps() {
        var generator = SeededGenerator(seed: 9)
        let seeds = [
            npyFile("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", bytes(of: [Float](repeating: 1.5, count: 6))),
            npyFile("{'descr': '<U4', 'fortran_order': True, 'shape': (2,), }", bytes(of: [UInt32](repeating: 0x61, count: 8)), version: 2),
        ]
        for _ in 0..<(runsFullTests ? 200_000 : 20_000) {
            var file = seeds.randomElement(using: &generator)!
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let position = Int.random(in: 0..<file.count, using: &generator)
                switch generator.next() % 4 {
                case 0: file[position] = UInt8(truncatingIfNeeded: generator.next())
                case 1: file[position] ^= 1 << UInt8.random(in: 0...7, using: &generator)
                case 2: file[position] = Array("0123456789,()<>|fiuSU'".utf8).randomElement(using: &generator)!
                default: file.insert(UInt8.random(in: 0x20...0x7E, using: &generator), at: position)
                }
            }
            file.withUnsafeBytes { bytes in
                guard let view = try? ArrayView(npy: bytes, name: "a") else { return }
                #expect(view.bytes.count == view.layout.byteCount)
                var values: [Float] = []
                var strings = PackedStrings()
                _ = try? view.appendMatrix(columns: 3, into: &values, maximumRows: 1000)
                _ = try? view.appendLabels(into: &strings, maximumCount: 1000, maximumBytes: 20)
            }
        }
    }
}
