import Testing

@testable import TensorFormats

@Suite struct JSONScannerTests {
    @Test func request_isReadWithoutBuildingATree() throws {
        var labels = PackedStrings()
        var values: [Float] = []
        var top = 0
        let text = #" { "features" : [[1, 2.5],[-3e1,0]] , "l\u0061bels":["cat", 7], "top":3, "x":{"y":[null,true,"z"]} } "#
        try scanning(text) { (scanner) throws(JSONError) in
            try scanner.beginObject()
            while let key = try scanner.nextKey() {
                switch key {
                case "features":
                    #expect(try scanner.readMatrix(field: "features", columns: 2, into: &values, maximumRows: 10) == 2)
                case "labels":
                    #expect(try scanner.readLabels(field: "labels", into: &labels, maximumCount: 9, maximumBytes: 64) == 2)
                case "top": top = try scanner.readInteger(field: "top")
                default: try scanner.skipValue()
                }
            }
            try scanner.finish()
        }
        #expect(values == [1, 2.5, -30, 0])
        #expect((0..<labels.count).map { labels[$0] } == ["cat", "7"])
        #expect(top == 3)
    }
}
