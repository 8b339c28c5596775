import Foundation
import TensorFormats

/// Bodies of the binary formats. NumPy's own are stored in Base64.
enum ArrayBodies {
    /// The rows and labels of all of them.
    static let features = [[1.0, 0], [0, 1], [1, 1], [0.5, -1]]
    static let labels = ["cat", "dog", "cat", "Ü"]

    /// `numpy.savez_compressed`: big-endian float32 and text.
    static let compressed = decode(
        """
        UEsDBC0AAAAIAAAAIQCKIGqq//////////8MABQAZmVhdHVyZXMubnB5AQAQAKAAAAAAAAAAUgAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBul2airqOgnpZfVFKU\
        mBefX5SSChJ3S8wpTgWKF2ckFqQC+RomOgpGmjoKtQpkAy77BgY4ALHhGMjfD6QBUEsDBC0AAAAIAAAAIQAG0AfH//////////8KABQAbGFiZWxzLm5weQEAEACwAAAA\
        AAAAAFoAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbhNqrK6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaJjqaOgq1ChQArmQGBoZEIC4B4hQgzgfidCBG\
        Fr/DgAAAUEsBAi0DLQAAAAgAAAAhAIogaqpSAAAAoAAAAAwAAAAAAAAAAAAAAIABAAAAAGZlYXR1cmVzLm5weVBLAQItAy0AAAAIAAAAIQAG0AfHWgAAALAAAAAKAAAA\
        AAAAAAAAAACAAZAAAABsYWJlbHMubnB5UEsFBgAAAAACAAIAcgAAACYBAAAAAA==
        """)

    /// `numpy.savez`: float64 in Fortran order and the integers 7, 8, 7, 9.
    static let stored = decode(
        """
        UEsDBC0AAAAAAAAAIQDCF7Pm//////////8MABQAZmVhdHVyZXMubnB5AQAQAMAAAAAAAAAAwAAAAAAAAACTTlVNUFkBAHYAeydkZXNjcic6ICc8ZjgnLCAnZm9ydHJh\
        bl9vcmRlcic6IFRydWUsICdzaGFwZSc6ICg0LCAyKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgCgAA\
        AAAAAPA/AAAAAAAAAAAAAAAAAADwPwAAAAAAAOA/AAAAAAAAAAAAAAAAAADwPwAAAAAAAPA/AAAAAAAA8L9QSwMELQAAAAAAAAAhABFJ/tH//////////woAFABsYWJl\
        bHMubnB5AQAQAKAAAAAAAAAAoAAAAAAAAACTTlVNUFkBAHYAeydkZXNjcic6ICc8aTgnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoNCwpLCB9ICAg\
        ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgCgcAAAAAAAAACAAAAAAAAAAHAAAAAAAAAAkAAAAAAAAAUEsBAi0D\
        LQAAAAAAAAAhAMIXs+bAAAAAwAAAAAwAAAAAAAAAAAAAAIABAAAAAGZlYXR1cmVzLm5weVBLAQItAy0AAAAAAAAAIQARSf7RoAAAAKAAAAAKAAAAAAAAAAAAAACAAf4A\
        AABsYWJlbHMubnB5UEsFBgAAAAACAAIAcgAAANoBAAAAAA==
        """)

    private static func decode(_ text: String) -> [UInt8] {
        [UInt8](Data(base64Encoded: text) ?? Data())
    }

    /// An npy file of version 1.
    static func npy(_ rows: [[Double]], type: String = "<f8", isColumnMajor: Bool = false) -> [UInt8] {
        let columns = rows.first?.count ?? 2
        let ordered = isColumnMajor ? (0..<columns).map { column in rows.map { $0[column] } } : rows
        var data: [UInt8] = []
        for value in ordered.joined() {
            switch type {
            case "<f8": withUnsafeBytes(of: value.bitPattern.littleEndian) { data += $0 }
            case ">f8": withUnsafeBytes(of: value.bitPattern.bigEndian) { data += $0 }
            case ">f4": withUnsafeBytes(of: Float(value).bitPattern.bigEndian) { data += $0 }
            default: withUnsafeBytes(of: Float(value).bitPattern.littleEndian) { data += $0 }
            }
        }
        var header = "{'descr': '\(type)', 'fortran_order': \(isColumnMajor ? "True" : "False"), 'shape': (\(rows.count), \(columns)), }"
        header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)] + Array(header.utf8)
            + data
    }

    /// A safetensors file, with labels in the metadata unless they are given as integers.
    static func safetensors(_ rows: [[Double]], labels: String? = nil, integers: [Int64]? = nil, extra: String? = nil) throws -> [UInt8] {
        var layout = SafetensorsLayout()
        if let labels { try layout.addMetadata("labels", labels) }
        try layout.addTensor("features", type: .f64, shape: [rows.count, rows.first?.count ?? 2])
        if let integers { try layout.addTensor("labels", type: .i64, shape: [integers.count]) }
        if let extra { try layout.addTensor(extra, type: .f64, shape: [0]) }
        let output = Output()
        var writer = SafetensorsWriter(layout) { (bytes: UnsafeRawBufferPointer) throws(Never) in output.bytes += bytes }
        try writer.append(Array(rows.joined()), to: "features")
        if let integers { try writer.append(integers, to: "labels") }
        if let extra { try writer.append([Double](), to: extra) }
        try writer.finish()
        return output.bytes
    }

    /// NDJSON, with labels if there are any.
    static func lines(_ rows: [[Double]], _ labels: [String]? = nil, ending: String = "\n") -> [UInt8] {
        var text = ""
        for (index, row) in rows.enumerated() {
            text += #"{"features":["# + row.map { "\($0)" }.joined(separator: ",") + "]"
            if let labels { text += #","label":""# + labels[index] + "\"" }
            text += "}" + ending
        }
        return Array(text.utf8)
    }

    private final class Output {
        var bytes: [UInt8] = []
    }
}
