import Testing

@testable import TensorFormats

@Suite struct InferenceRequestTests {
    static let signature = InferenceSignature(
        input: "features", outputs: ["label": false, "score": true], parameter: "weights", values: ["plain", "balanced"],
        numbers: ["balance": 0...1], maximumMagnitude: 1e50)

    private func read<Scalar: FeatureScalar>(
        _ body: [UInt8], _ headerCount: Int?, _ type: Scalar.Type = Float.self
    ) throws(InferenceError) -> (fits: Bool, request: InferenceRequest, values: [Scalar]) {
        var request = InferenceRequest()
        var values: [Scalar] = [7]
        let fits = try body.withUnsafeBufferPointer { (buffer) throws(InferenceError) in
            let reader = try InferenceRequestReader(
                Self.signature, columns: 2, body: UnsafeRawBufferPointer(buffer), headerCount: headerCount)
            do throws(InferenceError) {
                return try reader.read(into: &request, values: &values)
            } catch {
                #expect(values == [7], "values are left after an error")
                throw error
            }
        }
        return (fits, request, Array(values.dropFirst()))
    }

    private func read(_ json: String, binary: [UInt8] = []) throws(InferenceError) -> (
        fits: Bool, request: InferenceRequest, values: [Float]
    ) {
        try read(Array(json.utf8) + binary, binary.isEmpty ? nil : json.utf8.count)
    }

    private func error(_ json: String, binary: [UInt8] = [], headerCount: Int? = nil) -> String {
        do throws(InferenceError) {
            let bytes = Array(json.utf8) + binary
            _ = try read(bytes, headerCount ?? (binary.isEmpty ? nil : json.utf8.count), Float.self)
            return ""
        } catch { return error.description }
    }

    private static func input(_ datatype: String, _ shape: String, _ rest: String) -> String {
        #"{"inputs":[{"name":"features","datatype":"\#(datatype)","shape":\#(shape),\#(rest)}]}"#
    }

    private static func octets(_ values: [some BitwiseCopyable]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

    // MARK: Accepted

    @Test func membersInAnyOrder_areRead() throws {
        let pieces = [#""name":"features""#, #""datatype":"FP32""#, #""shape":[2,2]"#, #""data":[[1,2],[3,4.5]]"#]
        for first in 0..<4 {
            let order = pieces[first...] + pieces[..<first]
            for order in [Array(order), order.reversed()] {
                let (fits, request, values) = try read(#"{"inputs":[{\#(order.joined(separator: ","))}]}"#)
                #expect(fits && request.rows == 2 && values == [1, 2, 3, 4.5] && request.outputs.isEmpty)
            }
        }
        let parts = [
            #""id":"a\"\u00e9""#, #""parameters":{"weights":"balanced","binary_data_output":true,"priority":3,"x":{"y":[1]}}"#,
            #""inputs":[{"name":"features","datatype":"FP64","shape":[1,2],"data":[1,2],"parameters":{"other":1}}]"#,
            #""outputs":[{"name":"score","parameters":{"classification":3}},{"name":"label","parameters":{"binary_data":false}}]"#,
            #""model_name":"m""#,
        ]
        for parts in [parts, parts.reversed()] {
            let (_, request, values) = try read("{\(parts.joined(separator: ","))}")
            #expect(String(decoding: request.id, as: UTF8.self) == #""a\"\u00e9""#)
            #expect(request.choice == 1 && values == [1, 2])
            #expect(
                request.outputs == [
                    .init(index: 1, isBinary: true, classes: 3), .init(index: 0, isBinary: false, classes: nil),
                ])
        }
    }

    @Test func nullsAndEmptyLists_areAsIfLeftOut() throws {
        let input = #""inputs":[{"name":"features","datatype":"FP32","shape":[1,2],"data":[1,2],"parameters":null}]"#
        let (_, request, _) = try read(#"{"id":null,"parameters":null,"outputs":null,\#(input)}"#)
        #expect(request.id.isEmpty && request.outputs.isEmpty)
        var all = try read(#"{"outputs":[],"parameters":{"binary_data_output":true},\#(input)}"#).request
        all.wantAll(of: 2)
        #expect(all.outputs.map(\.isBinary) == [true, true])
    }

    @Test func everyDatatype_isConverted() throws {
        func check(_ name: String, _ octets: [UInt8], _ expected: [Float]) throws {
            let json = Self.input(name, "[1,2]", #""parameters":{"binary_data_size":\#(octets.count)}"#)
            // At any alignment.
            for padding in 0..<8 {
                let (fits, request, values) = try read(json + String(repeating: " ", count: padding), binary: octets)
                #expect(fits && request.rows == 1 && values == expected, "\(name)")
            }
        }
        try check("FP32", Self.octets([1.5, -2] as [Float]), [1.5, -2])
        try check("FP64", Self.octets([0.1, -2] as [Double]), [Float(0.1), -2])
        try check("FP16", Self.octets([Float16(0.1), Float16(-65504)]), [Float(Float16(0.1)), -65504])
        try check("BF16", Self.octets([0x3FC0, 0xC000] as [UInt16]), [1.5, -2])
        try check("UINT8", [255, 0], [255, 0])
        try check("INT8", Self.octets([-128, 127] as [Int8]), [-128, 127])
        try check("UINT16", Self.octets([65535, 1] as [UInt16]), [65535, 1])
        try check("INT16", Self.octets([-32768, 1] as [Int16]), [-32768, 1])
        try check("UINT32", Self.octets([.max, 16_777_217] as [UInt32]), [4_294_967_296, 16_777_216])
        try check("INT32", Self.octets([.min, 16_777_219] as [Int32]), [-2_147_483_648, 16_777_220])
        try check("UINT64", Self.octets([.max, 1] as [UInt64]), [18_446_744_073_709_551_616, 1])
        try check("INT64", Self.octets([.min, 1] as [Int64]), [-9_223_372_036_854_775_808, 1])
    }

    @Test func integersInJSON_areReadNestedAndFlat() throws {
        for (name, values) in [("INT8", "-128,127"), ("UINT64", "18446744073709551615,0"), ("INT64", "-9223372036854775808,3")] {
            let expected = values.split(separator: ",").map { Float(Double($0)!) }
            #expect(try read(Self.input(name, "[1,2]", #""data":[\#(values)]"#)).values == expected)
            #expect(try read(Self.input(name, "[1,2]", #""data":[[\#(values)]]"#)).values == expected)
        }
    }

    @Test func valueBeyondFloat_isReadAgainAsDouble() throws {
        for body in [
            Array(Self.input("FP64", "[1,2]", #""data":[1e40,2]"#).utf8),
            Array(#"{"inputs":[{"data":[1e40,2],"name":"features","#.utf8)
                + Array(#""datatype":"FP64","shape":[1,2]}]}"#.utf8),
        ] {
            let first = try read(body, nil)
            #expect(!first.fits && first.values.isEmpty)
            let second = try read(body, nil, Double.self)
            #expect(second.fits && second.values == [1e40, 2])
        }
        let header = Self.input("FP64", "[1,2]", #""parameters":{"binary_data_size":16}"#)
        let binary = Array(header.utf8) + Self.octets([1, -1e45])
        #expect(try !read(binary, header.utf8.count).fits)
        #expect(try read(binary, header.utf8.count, Double.self).values == [1, -1e45])
    }

    @Test func rawBody_isRowsOfFP32() throws {
        let (fits, request, values) = try read(Self.octets([1, 2, 3, 4] as [Float]), 0)
        #expect(fits && request.rows == 2 && values == [1, 2, 3, 4] && request.isBinary)
        for count in [0, 1, 7, 9, 12] {
            #expect(throws: InferenceError.rawSize(count, row: 8, of: "features")) { try read([UInt8](repeating: 0, count: count), 0) }
        }
    }

    // MARK: Refused

    @Test(arguments: [
        ("", ["expected"]), ("[]", ["the body", "an object"]), ("{", ["ends too early"]), ("{}x", ["white space"]),
        ("{}", [#""inputs" is missing"#]), (#"{"inputs":[]}"#, [#""inputs" is missing"#]), (#"{"inputs":{}}"#, ["inputs", "an array"]),
        (#"{"inputs":[1]}"#, ["an input", "an object"]), (#"{"inputs":[{}]}"#, [#""name" of an input"#, #""features""#]),
        (#"{"inputs":[{"name":"x"}]}"#, [#"no input "x""#, #""features""#]),
        (#"{"inputs":[{"name":7}]}"#, ["name", "a string"]),
        (#"{"inputs":[{"name":"features"}]}"#, [#""datatype" of input "features""#]),
        (#"{"inputs":[{"name":"features","datatype":"FP32"}]}"#, [#""shape" of input "features""#, "[rows, 2]"]),
        (input("FP32", "[1,2]", #""x":1"#), ["neither", #""features""#]),
        (input("FP32", "[1,2]", #""data":[1,2],"parameters":{"binary_data_size":8}"#), ["both", #""features""#]),
        (input("BYTES", "[1,2]", #""data":["a","b"]"#), [#""features" has datatype BYTES"#, "FP32"]),
        (input("BOOL", "[1,2]", #""data":[true,false]"#), ["BOOL", "FP32"]), (input("fp32", "[1,2]", #""data":[1,2]"#), ["fp32", "FP32"]),
        (input("FP128", "[1,2]", #""data":[1,2]"#), ["FP128"]), (input("FP16", "[1,2]", #""data":[1,2]"#), ["FP16", "binary"]),
        (input("BF16", "[1,2]", #""data":[1,2]"#), ["BF16", "binary"]),
        (input("FP32", "[2]", #""data":[1,2]"#), ["shape [2]", "[rows, 2]"]),
        (input("FP32", "[1,2,1]", #""data":[1,2]"#), ["shape [1,2,1]"]), (input("FP32", "[]", #""data":[1,2]"#), ["shape []"]),
        (input("FP32", "[1,3]", #""data":[1,2,3]"#), ["shape [1,3]", "[rows, 2]"]),
        (input("FP32", "[0,2]", #""data":[]"#), ["at least 1 row"]),
        (input("FP32", "[-1,2]", #""data":[1,2]"#), ["shape [-1,2]"]), (input("FP32", "[1.5,2]", #""data":[1,2]"#), ["shape", "1.5"]),
        (input("FP32", "[99999999999999999999,2]", #""data":[1,2]"#), ["shape", "out of range"]),
        (input("FP32", "[9223372036854775807,2]", #""data":[1,2]"#), ["features", "9223372036854775807"]),
        (input("FP32", "[4611686018427387904,2]", #""data":[[1,2]]"#), ["features", "1 value,"]),
        (input("FP32", #""1""#, #""data":[1,2]"#), ["shape", "an array"]),
        (input("FP32", "[1,2]", #""data":[1]"#), ["features", "1 value,", "expected 2"]),
        (input("FP32", "[1,2]", #""data":[1,2,3]"#), ["features", "3 values", "expected 2"]),
        (input("FP32", "[2,2]", #""data":[[1,2]]"#), ["features", "1 value", "expected 2"]),
        (input("FP32", "[2,2]", #""data":[[1,2],[3]]"#), ["features[1]", "1 value", "expected 2"]),
        (input("FP32", "[1,2]", #""data":[[1,2],[3,4]]"#), ["features", "1 entries"]),
        (input("FP32", "[1,2]", #""data":[1,"2"]"#), ["features", "a string", "a number"]),
        (input("FP32", "[1,2]", #""data":[1,null]"#), ["features", "null"]),
        (input("FP32", "[1,2]", #""data":[1,NaN]"#), ["features", "'N'"]),
        (input("FP32", "[1,2]", #""data":{}"#), ["features", "an array"]),
        (input("FP32", "[1,2]", #""data":[1,1e40]"#), ["1e40", "32-bit"]),
        (input("FP64", "[1,2]", #""data":[1,1e51]"#), ["1e51", "1e50"]), (input("INT8", "[1,2]", #""data":[1,128]"#), ["128", "range"]),
        (input("INT32", "[1,2]", #""data":[1,1.5]"#), ["1.5", "an integer"]),
        (input("UINT8", "[1,2]", #""data":[-1,0]"#), ["-1", "range"]),
        (input("INT8", "[1,2]", #""data":[]"#), ["0 values", "expected 1"]),
        (input("INT8", "[1,2]", #""data":[[1]]"#), ["features[0]", "1 value"]),
        (input("INT8", "[1,2]", #""data":[1,2,3]"#), ["3 values", "expected 2"]),
        (input("INT8", "[1,2]", #""data":[[1,2],[3,4]]"#), ["2 values", "expected 1"]),
        (input("FP32", "[1,2]", #""parameters":{"binary_data_size":8}"#), ["0 bytes", "expected 8"]),
        (input("FP32", "[1,2]", #""parameters":{"binary_data_size":-8}"#), ["-8", "expected 8"]),
        (input("FP32", "[1,2]", #""parameters":{"binary_data_size":8.5}"#), ["binary_data_size", "8.5"]),
        (input("FP32", "[1,2]", #""parameters":{"binary_data_size":7}"#), ["7", "expected 8"]),
        (input("FP32", "[4611686018427387904,2]", #""parameters":{"binary_data_size":0}"#), ["binary_data_size of 0"]),
        (input("FP32", "[1,2]", #""parameters":{"shared_memory_region":"r","shared_memory_byte_size":8}"#), ["features", "shared memory"]),
        (input("FP32", "[1,2]", #""parameters":[]"#), ["parameters of an input", "an object"]),
    ])
    func malformedInput_isNamed(_ json: String, _ names: [String]) {
        let text = error(json)
        #expect(!text.isEmpty, "taken: \(json)")
        for name in names { #expect(text.contains(name), "\"\(name)\" is not in: \(text)") }
    }

    static let rows = #""inputs":[{"name":"features","datatype":"FP32","shape":[1,2],"data":[1,2]}]"#

    @Test(arguments: [
        (#"{\#(rows),"id":7}"#, ["id", "a string"]), (#"{\#(rows),\#(rows)}"#, ["inputs", "twice"]),
        (#"{\#(rows),"id":"a","id":"b"}"#, ["id", "twice"]), (#"{\#(rows),"parameters":7}"#, ["parameters", "an object"]),
        (#"{\#(rows),"parameters":{},"parameters":{}}"#, ["parameters", "twice"]),
        (#"{\#(rows),"parameters":{"weights":"best"}}"#, ["weights", "best", "plain", "balanced"]),
        (#"{\#(rows),"parameters":{"weights":1}}"#, ["weights", "a string"]),
        (#"{\#(rows),"parameters":{"binary_data_output":1}}"#, ["binary_data_output", "true or false"]),
        (#"{\#(rows),"outputs":[{"name":"logits"}]}"#, ["logits", "label", "score"]), (#"{\#(rows),"outputs":[{}]}"#, ["name", "output"]),
        (#"{\#(rows),"outputs":[{"name":"score"},{"name":"score"}]}"#, ["score", "twice"]),
        (#"{\#(rows),"outputs":[{"name":"score","name":"label"}]}"#, ["name", "twice"]),
        (#"{\#(rows),"outputs":[],"outputs":[]}"#, ["outputs", "twice"]), (#"{\#(rows),"outputs":{}}"#, ["outputs", "an array"]),
        (#"{\#(rows),"outputs":[{"name":"score","parameters":{"classification":0}}]}"#, ["score", "classification", "0", "at least 1"]),
        (#"{\#(rows),"outputs":[{"name":"score","parameters":{"classification":-1}}]}"#, ["classification", "-1"]),
        (#"{\#(rows),"outputs":[{"name":"score","parameters":{"classification":"3"}}]}"#, ["classification", "an integer"]),
        (#"{\#(rows),"outputs":[{"name":"label","parameters":{"classification":3}}]}"#, ["label", "classification", "score"]),
        (#"{\#(rows),"outputs":[{"name":"label","parameters":{"binary_data":"yes"}}]}"#, ["binary_data", "true or false"]),
        (#"{\#(rows),"outputs":[{"name":"label","parameters":{"shared_memory_region":"r"}}]}"#, ["label", "shared memory"]),
        (#"{"inputs":[{"name":"features","name":"features","datatype":"FP32","shape":[1,2],"data":[1,2]}]}"#, ["name", "twice"]),
        (#"{"inputs":[{"name":"features","datatype":"FP32","shape":[1,2],"shape":[1,2],"data":[1,2]}]}"#, ["shape", "twice"]),
        (#"{"inputs":[{"name":"features","datatype":"FP32","shape":[1,2],"data":[1,2],"data":[1,2]}]}"#, ["data", "twice"]),
        (#"{"inputs":[{"name":"features","datatype":"FP32","shape":[1,2],"data":[1,2]},{"name":"features"}]}"#, ["features", "twice"]),
        (
            #"{"inputs":[{"name":"features","datatype":"FP32","shape":[1,2],"data":[1,2]},{"name":"mask","data":[1]}]}"#,
            ["mask", "features"]
        ),
        (#"{"inputs":[{"name":"features","datatype":"FP32","shape":[1,2],"data":[1,2]},{"datatype":"FP32"}]}"#, ["name"]),
        (#"{\#(rows),"x":\#(String(repeating: "[", count: 100_000))"#, ["64 levels"]),
    ])
    func malformedRequest_isNamed(_ json: String, _ names: [String]) {
        let text = error(json)
        #expect(!text.isEmpty, "taken: \(json.prefix(200))")
        for name in names { #expect(text.contains(name), "\"\(name)\" is not in: \(text)") }
        #expect(text.utf8.count < 1024)
    }

    @Test func longNames_areShortened() {
        let name = String(repeating: "é", count: 5000)
        #expect(error(#"{"inputs":[{"name":"\#(name)"}]}"#).utf8.count < 400)
        #expect(error(Self.input(name, "[1,2]", #""data":[1,2]"#)).utf8.count < 400)
        #expect(error(Self.input("FP32", "[\(String(repeating: "1,", count: 5000))1]", #""data":[1,2]"#)).utf8.count < 400)
        #expect(error(#"{\#(Self.rows),"outputs":[{"name":"\#(name)"}]}"#).utf8.count < 400)
        #expect(error(#"{\#(Self.rows),"parameters":{"weights":"\#(name)"}}"#).utf8.count < 500)
    }

    @Test func binaryDataThatIsNotWhatItShouldBe_isRefused() {
        let header = Self.input("FP32", "[1,2]", #""parameters":{"binary_data_size":8}"#)
        let values = Self.octets([1, 2] as [Float])
        #expect(error(header, binary: values) == "")
        #expect(error(header, binary: Array(values.dropLast())).contains("7 bytes"))
        #expect(error(header, binary: values + [0]).contains("9 bytes"))
        #expect(error(Self.input("FP32", "[1,2]", #""data":[1,2]"#), binary: [0]).contains("1 bytes"))
        for value in [Float.nan, .infinity, -.infinity] {
            let text = error(header, binary: Self.octets([1, value]))
            #expect(text.contains("features[0][1]") && text.contains("1e50"), "\(text)")
        }
        let wide = Self.input("FP64", "[2,2]", #""parameters":{"binary_data_size":32}"#)
        #expect(error(wide, binary: Self.octets([1, 1, -1.1e50, 1])).contains("features[1][0] is -1.1e50"))
    }

    @Test func headerLengthThatDoesNotFit_isRefused() {
        let header = Self.input("FP32", "[1,2]", #""parameters":{"binary_data_size":8}"#)
        let values = Self.octets([1, 2] as [Float])
        let count = header.utf8.count
        #expect(error(header, binary: values, headerCount: count + 9).contains("\(count + 9)"))
        #expect(error(header, binary: values, headerCount: .max).contains("Inference-Header-Content-Length"))
        for headerCount in 1..<(count + 8) where headerCount != count {
            #expect(error(header, binary: values, headerCount: headerCount) != "", "\(headerCount)")
        }
    }

    @Test func anyBytes_areReadOrRefused() {
        var generator = SeededGenerator(seed: 9)
        let bodies: [([UInt8], Int?)] = [
            (Array(#"{"id":"x","parameters":{"weights":"plain"},\#(Self.rows),"outputs":[{"name":"score"}]}"#.utf8), nil),
            (
                Array(Self.input("FP32", "[1,2]", #""parameters":{"binary_data_size":8}"#).utf8) + Self.octets([1, 2] as [Float]),
                Self.input("FP32", "[1,2]", #""parameters":{"binary_data_size":8}"#).utf8.count
            ),
        ]
        var taken = 0
        for _ in 0..<(runsFullTests ? 200_000 : 5000) {
            var (body, headerCount) = bodies.randomElement(using: &generator)!
            for _ in 0..<Int.random(in: 1...2, using: &generator) {
                body[Int.random(in: 0..<body.count, using: &generator)] = UInt8.random(in: 32...126, using: &generator)
            }
            if Int.random(in: 0..<8, using: &generator) == 0 {
                headerCount = headerCount.map { $0 + Int.random(in: -3...3, using: &generator) }
            }
            guard let (fits, request, values) = try? read(body, headerCount, Float.self) else { continue }
            taken += 1
            #expect(!fits || values.count == request.rows * 2)
            #expect(values.allSatisfy { $0.isFinite })
        }
        #expect(taken > 0)
    }
}
