import Testing

@testable import TensorFormats

@Suite struct JSONMatrixTests {
    private func read<Scalar: FeatureScalar>(
        _ text: String, columns: Int, as type: Scalar.Type = Double.self, rows: Int = 100, limit: Double = 1e50
    ) throws(JSONError) -> [Scalar] {
        var values: [Scalar] = []
        let count = try scanning(text) { (scanner) throws(JSONError) in
            let count = try scanner.readMatrix(
                field: "features", columns: columns, into: &values, maximumRows: rows, maximumMagnitude: limit)
            try scanner.finish()
            return count
        }
        #expect(count * columns == values.count)
        return values
    }

    private func error<Scalar: FeatureScalar>(
        _ text: String, columns: Int, as type: Scalar.Type = Double.self, rows: Int = 100, limit: Double = 1e50
    ) -> JSONError? {
        do {
            _ = try read(text, columns: columns, as: type, rows: rows, limit: limit)
            return nil
        } catch { return error }
    }

    @Test func rows_areReadInOrderWithAnyWhiteSpace() throws {
        #expect(try read("[[1,2,3],[4,5,6]]", columns: 3) == [1, 2, 3, 4, 5, 6])
        #expect(try read(" [ [ 1 , 2\n,\t3 ] ,\r\n[4,5,6 ] ] ", columns: 3) == [1, 2, 3, 4, 5, 6])
        #expect(try read("[]", columns: 3) == [])
        #expect(try read("[[],[]]", columns: 0) == [])
        #expect(try read("[[-0]]", columns: 1).first?.sign == .minus)
    }

    @Test func bothTypes_areRoundedOnce() throws {
        // 1 + 2^-24 lies between 1 and the next float. Slightly above it, Double rounds to the tie, but Float must go up.
        let text = "[[1.00000005960464477539062500000000001, 0.1]]"
        #expect(try read(text, columns: 2, as: Float.self) == [1.0000001, 0.1])
        #expect(try read(text, columns: 2) == [1.000000059604644775390625, 0.1])
    }

    @Test func manyRows_keepEveryValue() throws {
        let rows = (0..<300).map { row in "[" + (0..<7).map { String(row * 7 + $0) }.joined(separator: ",") + "]" }
        let values = try read("[" + rows.joined(separator: ", ") + "]", columns: 7, as: Float.self, rows: 300)
        #expect(values == (0..<2100).map { Float($0) })
    }

    @Test(arguments: [
        ("[[1,2],[3]]", "features[1] has 1 value, expected 2", 7), ("[[1,2],[3,4,5]]", "features[1] has 3 values, expected 2", 7),
        ("[[]]", "features[0] has 0 values, expected 2", 1), ("[1,2]", "features[0] is a number, expected an array of numbers", 1),
        ("[[1,2],null]", "features[1] is null, expected an array of numbers", 7),
        ("[[1,\"x\"]]", "features[0][1] is a string, expected a number", 4), ("[[null,1]]", "features[0][0] is null, expected a number", 2),
        ("[[1,[2]]]", "features[0][1] is an array, expected a number", 4),
        ("[[1,true]]", "features[0][1] is a boolean, expected a number", 4),
        ("[[1,NaN]]", "features[0][1]: unexpected 'N', expected a number", 4),
        ("[[1,]]", "features[0][1]: unexpected ']', expected a number", 4),
        ("[[1,2", "features[0][1] ends too early, expected ',' or ']'", 5),
        ("[[1,", "features[0][1] ends too early, expected a number", 4), ("[[1,2]", "the text ends too early, expected ',' or ']'", 6),
        ("[[1 2]]", "features[0][0]: unexpected '2', expected ',' or ']'", 4),
        ("[[01,2]]", "features[0][0] is not a valid number: leading zeros are not allowed", 2),
        ("[[1,2.]]", "features[0][1] is not a valid number: a digit is missing after the decimal point", 6),
        ("[[1,-]]", "features[0][1] is not a valid number: a digit is missing after the sign", 5),
        ("[[1,2e]]", "features[0][1] is not a valid number: a digit is missing in the exponent", 6),
        ("[[1,1e60]]", "features[0][1] is 1e60; magnitude must be finite and at most 1e50", 4),
        ("[[1,-1e999]]", "features[0][1] is -1e999; magnitude must be finite and at most 1e50", 4),
        ("{}", "features is an object, expected an array", 0), ("7", "features is a number, expected an array", 0),
    ])
    func badMatrix_isRefusedWithRowAndColumn(_ text: String, _ reason: String, _ offset: Int) {
        let double = error(text, columns: 2)
        #expect(double?.reason == reason)
        #expect(double?.offset == offset)
        #expect(error(text, columns: 2, as: Float.self) == double)
    }

    @Test func valueBeyondFloat_isToldFromOneBeyondTheLimit() {
        #expect(error("[[1e39]]", columns: 1) == nil)
        let beyondFloat = error("[[0,-1e39]]", columns: 2, as: Float.self)
        #expect(beyondFloat == JSONError(.outOfFloatRange("-1e39"), at: 4, place: .init(field: "features", row: 0, column: 1)))
        // The greatest float plus a little still rounds to it; half a unit more does not.
        #expect(error("[[3.4028235e38, 3.40282356e38]]", columns: 2, as: Float.self) == nil)
        #expect(error("[[3.4028236e38]]", columns: 1, as: Float.self)?.kind == .outOfFloatRange("3.4028236e38"))
        #expect(error("[[2]]", columns: 1, as: Float.self, limit: 1)?.kind == .magnitude("2", limit: 1))
    }

    @Test func rowLimit_isKept() {
        #expect(error("[[1],[2],[3]]", columns: 1, rows: 3) == nil)
        #expect(error("[[1],[2],[3],[4]]", columns: 1, rows: 3)?.reason == "features has more than 3 entries")
    }

    @Test func failedRead_leavesTheArrayAsItWas() {
        var values: [Float] = [42]
        let failure = scanError("[[1,2],[3,4],[5]]") { (scanner) throws(JSONError) in
            try scanner.readMatrix(field: "f", columns: 2, into: &values, maximumRows: 9)
        }
        #expect(failure != nil)
        #expect(values == [42])
    }

    @Test func hugeColumnCount_reservesNothing() {
        #expect(error("[[1,2]]", columns: .max)?.kind == .wrongCount(2, expected: .max))
        #expect(error("[[1],[2]]", columns: 1 << 40)?.kind == .wrongCount(1, expected: 1 << 40))
    }

    @Test func row_isReadWithoutRowNumber() throws {
        var values: [Double] = [7]
        try scanning("[1,2]") { (scanner) throws(JSONError) in try scanner.readRow(field: "features", columns: 2, into: &values) }
        #expect(values == [7, 1, 2])
        let failure = scanError("[1,2]") { (scanner) throws(JSONError) in try scanner.readRow(field: "features", columns: 3, into: &values)
        }
        #expect(failure?.reason == "features has 2 values, expected 3")
        #expect(values == [7, 1, 2])
    }

    @Test(arguments: ["[[1,2,3],[4,5,6]]", "[1,2,3,4,5,6]", " [ 1 , 2,3,4,5,6 ] ", " [ [1,2,3],[4,5,6]]"])
    func tensor_isReadNestedOrFlat(_ text: String) throws {
        var values: [Float] = []
        try scanning(text) { (scanner) throws(JSONError) in
            try scanner.readTensor(field: "data", rows: 2, columns: 3, into: &values)
            try scanner.finish()
        }
        #expect(values == [1, 2, 3, 4, 5, 6])
        // The comma after it is still required.
        let error = scanError("{\"data\":\(text)\"x\":1}") { (scanner) throws(JSONError) in
            try scanner.beginObject()
            _ = try scanner.nextKey()
            try scanner.readTensor(field: "data", rows: 2, columns: 3, into: &values)
            _ = try scanner.nextKey()
        }
        #expect(error?.kind == .unexpectedByte(UInt8(ascii: "\""), expected: "',' or '}'"))
    }

    @Test(arguments: [
        ("[[1,2,3]]", "data has 1 value, expected 2"), ("[[1,2,3],[4,5,6],[7,8,9]]", "data has more than 2 entries"),
        ("[1,2,3,4,5]", "data has 5 values, expected 6"),
        ("[1,2,3,4,5,1e60]", "data[5] is 1e60; magnitude must be finite and at most 1e50"),
        ("[[1,2,3],4,5,6]", "data[1] is a number, expected an array of numbers"), ("[1,[2]]", "data[1] is an array, expected a number"),
        ("[]", "data has 0 values, expected 6"), ("[[[1]]]", "data[0][0] is an array, expected a number"),
        ("[", "data[0] ends too early, expected a number"),
    ])
    func tensorOfAnotherShape_isRefused(_ text: String, _ reason: String) {
        var values: [Double] = [42]
        let error = scanError(text) { (scanner) throws(JSONError) in
            try scanner.readTensor(field: "data", rows: 2, columns: 3, into: &values, maximumMagnitude: 1e50)
        }
        #expect(error?.reason == reason)
        #expect(values == [42])
    }
}
