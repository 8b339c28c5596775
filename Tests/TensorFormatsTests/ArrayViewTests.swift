import Testing

@testable import TensorFormats

@Suite struct ArrayViewTests {
    private func withView<Scalar: BitwiseCopyable, Result>(
        _ scalars: [Scalar], _ scalar: ArrayScalar, _ shape: [Int], _ body: (ArrayView) throws -> Result
    ) rethrows -> Result {
        try scalars.withUnsafeBytes { bytes in
            try body(ArrayView(name: "features", layout: ArrayLayout(scalar, shape: shape)!, bytes: bytes)!)
        }
    }

    private func matrixError<Scalar: FeatureScalar>(_ view: ArrayView, columns: Int, as type: Scalar.Type, rows: Int = 10) -> String? {
        var values: [Scalar] = [42]
        do throws(ArrayError) {
            _ = try view.appendMatrix(columns: columns, into: &values, maximumRows: rows, maximumMagnitude: 1e50)
            return nil
        } catch {
            #expect(values == [42])
            return error.description
        }
    }

    private func labelError(_ view: ArrayView, count: Int = 10, bytes: Int = 10) -> String? {
        var strings = PackedStrings(["before"])
        do throws(ArrayError) {
            _ = try view.appendLabels(into: &strings, maximumCount: count, maximumBytes: bytes)
            return nil
        } catch {
            #expect(strings == PackedStrings(["before"]))
            return error.description
        }
    }

    @Test func valuesThatAreNoFeatures_areNamed() {
        withView([1, 2, 3, Double.nan, 5, 6], .float64, [2, 3]) { view in
            #expect(matrixError(view, columns: 3, as: Double.self) == "features[1][0] is nan; magnitude must be finite and at most 1e50")
            #expect(matrixError(view, columns: 3, as: Float.self) == "features[1][0] is nan; magnitude must be finite and at most 1e50")
            #expect(matrixError(view, columns: 2, as: Double.self) == "features has shape [2, 3], expected [rows, 2]")
            #expect(matrixError(view, columns: 3, as: Double.self, rows: 1) == "features has more than 1 entries")
        }
        withView([1, -Double.infinity], .float64, [1, 2]) { view in
            #expect(matrixError(view, columns: 2, as: Float.self) == "features[0][1] is -inf; magnitude must be finite and at most 1e50")
        }
        withView([1, 1e60], .float64, [1, 2]) { view in
            #expect(matrixError(view, columns: 2, as: Double.self) == "features[0][1] is 1e60; magnitude must be finite and at most 1e50")
        }
        withView([-1e39, 1], .float64, [1, 2]) { view in
            #expect(matrixError(view, columns: 2, as: Double.self) == nil)
            #expect(matrixError(view, columns: 2, as: Float.self) == "features[0][0] is -1e39, beyond the range of 32-bit floats")
        }
        withView([Float.infinity, 1], .float32, [2, 1]) { view in
            #expect(matrixError(view, columns: 1, as: Double.self) == "features[0][0] is inf; magnitude must be finite and at most 1e50")
        }
        withView([Int64(1)], .integer(byteCount: 8, isSigned: true), [1, 1]) { view in
            #expect(matrixError(view, columns: 1, as: Double.self) == "features has elements of type int64, expected float32 or float64")
        }
        withView([Double](), .float64, [0]) { view in
            #expect(matrixError(view, columns: 0, as: Double.self) == "features has shape [0], expected [rows, 0]")
        }
    }

    @Test func columnMajorOffender_isNamedByItsRow() {
        let values: [Double] = [1, 2, 3, 4, 5, .nan]
        values.withUnsafeBytes { bytes in
            let view = ArrayView(name: "features", layout: ArrayLayout(.float64, isColumnMajor: true, shape: [3, 2])!, bytes: bytes)!
            #expect(matrixError(view, columns: 2, as: Double.self) == "features[2][1] is nan; magnitude must be finite and at most 1e50")
        }
    }

    @Test func matrix_isReadAtAnyAlignment() throws {
        let values: [Double] = [1, 2, 3, 4]
        for shift in 0..<8 {
            let shifted = [UInt8](repeating: 0, count: shift) + bytes(of: values)
            try shifted.withUnsafeBytes { bytes in
                let part = UnsafeRawBufferPointer(rebasing: bytes[shift...])
                let view = ArrayView(name: "f", layout: ArrayLayout(.float64, shape: [2, 2])!, bytes: part)!
                var read: [Float] = []
                let rows = try view.appendMatrix(columns: 2, into: &read, maximumRows: 2)
                #expect(rows == 2)
                #expect(read == [1, 2, 3, 4])
            }
        }
    }

    @Test func labelsThatDoNotFit_areNamed() {
        withView([1.0], .float64, [1]) { #expect(labelError($0) == "features has elements of type float64, expected strings or integers") }
        withView([UInt8(1)], .bool, [1]) { #expect(labelError($0) == "features has elements of type bool, expected strings or integers") }
        withView([Int32(1)], .integer(byteCount: 4, isSigned: true), [1, 1]) {
            #expect(labelError($0) == "features has shape [1, 1], expected [rows]")
        }
        withView([Int32(1), 2], .integer(byteCount: 4, isSigned: true), [2]) {
            #expect(labelError($0, count: 1) == "features has more than 1 entries")
        }
        withView([Int32(1), -100], .integer(byteCount: 4, isSigned: true), [2]) {
            #expect(labelError($0, bytes: 3) == "features[1] is longer than 3 bytes")
        }
        withView([UInt8(0xC3), 0x28], .bytes(count: 2), [1]) { #expect(labelError($0) == "features[0] is not valid Unicode text") }
        withView([UInt32(0x61), 0xD800], .unicode(count: 1), [2]) { #expect(labelError($0) == "features[1] is not valid Unicode text") }
        withView([UInt32(0x1F600), 0x1F600], .unicode(count: 2), [1]) {
            #expect(labelError($0, bytes: 7) == "features[0] is longer than 7 bytes")
        }
        // Elements without bytes may be as many as an attacker likes.
        withView([UInt8](), .unicode(count: 0), [1 << 60]) { #expect(labelError($0) == "features has more than 10 entries") }
    }

    @Test func layout_refusesSizesThatOverflow() throws {
        #expect(ArrayLayout(.float64, shape: [1 << 60, 1]) == nil)
        #expect(ArrayLayout(.float32, shape: [-1]) == nil)
        #expect(ArrayLayout(.unicode(count: 1 << 62), shape: []) == nil)
        #expect(ArrayLayout(.float32, shape: [])?.byteCount == 4)
        for shape in [[], [3], [3, 4], [3, 4, 5], [3, 4, 5, 6]] {
            let layout = try #require(ArrayLayout(.float32, shape: shape))
            #expect(Array(layout.shape) == shape && layout.shape.description == "\(shape)")
            #expect(layout.elementCount == shape.reduce(1, *))
            #expect(layout.shape == ArrayShape(shape) && layout.shape != ArrayShape(shape + [1]))
        }
        #expect(ArrayLayout(.float32, shape: [3, 0])?.byteCount == 0)
        #expect(
            ArrayView(name: "a", layout: ArrayLayout(.float32, shape: [1])!, bytes: UnsafeRawBufferPointer(start: nil, count: 0)) == nil)
    }

    @Test func safetensorsArray_isReadLikeAnother() throws {
        final class Buffer { var bytes: [UInt8] = [] }
        var layout = SafetensorsLayout()
        try layout.addTensor("odd", type: .u8, shape: [1])
        try layout.addTensor("features", type: .f32, shape: [2, 2])
        try layout.addTensor("labels", type: .i64, shape: [2])
        try layout.addTensor("half", type: .f16, shape: [0])
        let buffer = Buffer()
        var writer = SafetensorsWriter<Never>(layout) { buffer.bytes.append(contentsOf: $0) }
        try writer.append([UInt8(0)], to: "odd")
        try writer.append([Float(1), 2, 3, 4], to: "features")
        try writer.append([Int64(7), -8], to: "labels")
        try writer.finish()
        try buffer.bytes.withUnsafeBytes { bytes in
            let reader = try SafetensorsReader(bytes)
            var values: [Double] = []
            #expect(try reader.array(named: "features").appendMatrix(columns: 2, into: &values, maximumRows: 2) == 2)
            #expect(values == [1, 2, 3, 4])
            var strings = PackedStrings()
            #expect(try reader.array(named: "labels").appendLabels(into: &strings, maximumCount: 2, maximumBytes: 8) == 2)
            #expect(strings == PackedStrings(["7", "-8"]))
            #expect(throws: SafetensorsError.self) { try reader.array(named: "half") }
            #expect(throws: SafetensorsError.self) { try reader.array(named: "absent") }
        }
    }
}
