import AnalyticLearning
import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// Snapshots that `PUT /v1/models/{model}/snapshot` refuses, for an existing and for a new model.
@Suite struct SnapshotBadInputTests {
    /// A service with one small model, and the model's snapshot.
    private struct Fixture {
        let service: TestService
        let model: ModelClient
        let snapshot: [UInt8]
        let before: ModelState
        let reserved: Int

        init(_ config: String = #"{"dimension":2}"#) throws {
            service = try TestService { $0.host.maximumMemory = 64 << 20 }
            model = ModelClient(service)
            #expect(try model.create(config).status == 201)
            #expect(try model.learn([[1, 0], [0, 1], [1, 1]], ["a", "b", "a"]).status == 200)
            snapshot = try model.snapshot().body
            before = try model.state(probe: [0.5, 0.25])
            reserved = service.reservedBytes
        }

        /// Uploads a file over the model and as a new one.
        func expectRefusal(_ file: [UInt8], status: Int = 400, _ names: [String], _ comment: String) throws {
            for target in ["m", "new"] {
                let reply = try model.client.send("PUT", "/v1/models/\(target)/snapshot", file, contentType: nil)
                #expect(reply.status == status, "\(comment), over \(target): \(reply.text)")
                let detail = reply.problemDetail
                for name in ["snapshot"] + names { #expect(detail.contains(name), "\(comment): \"\(name)\" is not in: \(reply.text)") }
            }
        }

        func expectNothingChanged() throws {
            #expect(try model.state(probe: [0.5, 0.25]) == before)
            #expect(service.modelNames == ["m"])
            #expect(service.reservedBytes == reserved)
        }
    }

    /// A change of a snapshot, and what the problem must name.
    struct Damage: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let names: [String]
        var status = 400
        let apply: @Sendable (inout EditedSnapshot) -> Void

        init(_ description: String, _ names: [String], status: Int = 400, _ apply: @escaping @Sendable (inout EditedSnapshot) -> Void) {
            testDescription = description
            self.names = names
            self.status = status
            self.apply = apply
        }
    }

    @Test func untouchedSnapshotIsTakenApartAndTogetherToTheSameBytes() throws {
        let fixture = try Fixture()
        #expect(try EditedSnapshot(fixture.snapshot).encoded() == fixture.snapshot)
    }

    @Test func snapshotCutShortAnywhereIsRefused() throws {
        let fixture = try Fixture()
        for length in 0..<fixture.snapshot.count {
            let reply = try fixture.model.restore(Array(fixture.snapshot[..<length]))
            #expect(reply.status == 400, "\(length) bytes: \(reply.text)")
            #expect(reply.problemDetail.contains("snapshot"))
        }
        try fixture.expectRefusal(fixture.snapshot + [0], ["1 bytes follow"], "one byte more")
        try fixture.expectRefusal([], ["truncated"], "nothing at all")
        try fixture.expectNothingChanged()
    }

    @Test(arguments: [#"{"dimension":2}"#, #"{"dimension":2,"feature_map":{"kind":"random_relu","width":3}}"#])
    func flippedBitAnywhereIsRefused(_ config: String) throws {
        let fixture = try Fixture(config)
        let regions = try EditedSnapshot(fixture.snapshot).regions
        var names: Set<String> = []
        for (name, range) in regions {
            for index in range {
                var file = fixture.snapshot
                file[index] ^= 1 << (index % 8)
                let reply = try fixture.model.restore(file)
                #expect(reply.status == 400, "byte \(index) of \(name): \(reply.text)")
                // A tensor's bytes identify it; the header's may fail in many ways.
                if name != "header", name != "crc32c" { #expect(reply.problemDetail.contains("\"\(name)\""), "\(reply.text)") }
            }
            names.insert(name)
        }
        #expect(
            names.isSuperset(of: [
                "header", "gram.packed_lower", "cross_moment", "class.count", "class.mean", "class.m2", "weight", "crc32c",
            ]))
        try fixture.expectNothingChanged()
    }

    @Test func otherFormatsAreRefused() throws {
        let fixture = try Fixture()
        try fixture.expectRefusal(Array("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 0, count: 200), [], "a zip archive")
        try fixture.expectRefusal(Array(#"{"features":[[1,2]]}"#.utf8), [], "JSON")
        try fixture.expectRefusal([UInt8](repeating: 0, count: 4096), [], "zeros")
        try fixture.expectRefusal([UInt8](repeating: 0xFF, count: 4096), [], "ones")
        try fixture.expectRefusal([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8), ["\"format\""], "safetensors without anything")
        let deep = Array(String(repeating: #"{"a":"#, count: 100_000).utf8)
        var header = withUnsafeBytes(of: UInt64(deep.count).littleEndian, Array.init) + deep
        try fixture.expectRefusal(header, [], "a header nested deep")
        header[3] = 0x40
        try fixture.expectRefusal(header, [], "a header longer than the file")
        try fixture.expectRefusal([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F] + deep, [], "a header of 2^63 bytes")
        try fixture.expectNothingChanged()
    }

    /// Every accepted state must yield an acceptable snapshot: states that would lead out of range are refused first.
    @Test(arguments: ["samples", "version"]) func countsAreBoundAlikeWhereTheyAreReadAndWhereTheyGrow(_ key: String) throws {
        let fixture = try Fixture()
        let highest = Classifier.maximumCount
        var snapshot = try EditedSnapshot(fixture.snapshot)
        for value in ["\(highest + 1)", "\((1 << 62) - 1)"] {
            snapshot.setMetadata(key, value)
            try fixture.expectRefusal(try snapshot.encoded(), ["\"\(key)\"", "from 0 to \(highest)"], value)
        }
        try fixture.expectNothingChanged()

        // One below the limit, and so one learned row away from it.
        snapshot.setMetadata(key, "\(highest - (key == "version" ? 2 : 1))")
        let model = ModelClient(fixture.service, "full")
        #expect(try model.restore(try snapshot.encoded()).status == 201)
        #expect(try model.learn([[1, 0]], ["a"])[key].int == highest)
        let before = try model.details()
        let refused = try model.learn([[1, 0]], ["new"])
        #expect(refused.status == 422 && refused.problemDetail.contains("\(highest)"), "\(refused.text)")
        let merged = try model.client.send("POST", model.path + "/merge", fixture.snapshot, contentType: Operation.snapshotType.description)
        #expect(merged.status == 422, "\(merged.text)")
        let patched = try model.client.send("PATCH", model.path, #"{"ridge":0.5}"#)
        #expect(patched.status == (key == "version" ? 422 : 200), "\(patched.text)")
        if key == "version" { #expect(try model.details().text == before.text) }
        // Its snapshot is like any other.
        let copy = ModelClient(fixture.service, "copy")
        let restored = try copy.restore(try model.snapshot().body)
        #expect(restored.status == 201 && restored[key].int == highest, "\(restored.text)")
        #expect(try copy.predict([[1, 0]]).status == 200)
    }

    static let metadata = [
        Damage("format missing", ["\"format\""]) { $0.setMetadata("format", nil) },
        Damage("format of the future", ["accrue/999", "accrue/1"]) { $0.setMetadata("format", "accrue/999") },
        Damage("format of others", ["\"pt\"", "accrue/1"]) { $0.setMetadata("format", "pt") },
        Damage("config missing", ["\"config\""]) { $0.setMetadata("config", nil) },
        Damage("config no JSON", ["\"config\""]) { $0.setMetadata("config", "{dimension") },
        Damage("config with unknown key", ["gamma"]) { $0.setMetadata("config", #"{"dimension":2,"gamma":1}"#) },
        Damage("config with ridge 0", ["ridge", "greater than 0"]) { $0.setMetadata("config", #"{"dimension":2,"ridge":0}"#) },
        Damage("config nested deep", ["\"config\""]) { $0.setMetadata("config", String(repeating: "[", count: 100_000)) },
        Damage("config of another dimension", ["gram.packed_lower", "[3]", "[6]"]) { $0.setMetadata("config", #"{"dimension":3}"#) },
        Damage("config of the largest dimension", ["gram.packed_lower", "[3]"]) { $0.setMetadata("config", #"{"dimension":1048576}"#) },
        Damage("config of another map", ["gram.packed_lower"]) {
            $0.setMetadata("config", #"{"dimension":2,"feature_map":{"kind":"random_relu","width":1048576}}"#)
        },
        Damage("config of a map without its projection", ["feature_map.projection", "missing"]) {
            $0.setMetadata("config", #"{"dimension":2,"feature_map":{"kind":"random_relu","width":2}}"#)
        },
        Damage("config of another ridge", ["weight", "residual"]) { $0.setMetadata("config", #"{"dimension":2,"ridge":0.2}"#) },
        Damage("labels missing", ["\"labels\""]) { $0.setMetadata("labels", nil) },
        Damage("labels an object", ["\"labels\"", "array of strings"]) { $0.setMetadata("labels", "{}") },
        Damage("labels with a number", ["\"labels\"", "array of strings"]) { $0.setMetadata("labels", #"["a",1]"#) },
        Damage("labels too few", ["cross_moment", "[2, 2]", "[2, 1]"]) { $0.setMetadata("labels", #"["a"]"#) },
        Damage("labels too many", ["cross_moment", "[2, 3]"]) { $0.setMetadata("labels", #"["a","b","c"]"#) },
        Damage("label twice", ["label \"a\"", "twice"]) { $0.setMetadata("labels", #"["a","a"]"#) },
        Damage("label empty", ["label \"\"", "empty"]) { $0.setMetadata("labels", #"["a",""]"#) },
        Damage("label too long", ["label \"xxx", "has 1025 bytes, expected 1 to 1024"]) {
            $0.setMetadata("labels", #"["a","\#(String(repeating: "x", count: 1025))"]"#)
        },
        Damage("samples missing", ["\"samples\""]) { $0.setMetadata("samples", nil) },
        Damage("samples negative", ["\"samples\"", "from 0 to"]) { $0.setMetadata("samples", "-1") },
        Damage("samples a fraction", ["\"samples\"", "an integer"]) { $0.setMetadata("samples", "3.5") },
        Damage("samples beyond 64 bits", ["\"samples\""]) { $0.setMetadata("samples", "99999999999999999999") },
        Damage("samples fewer than the counts", ["class.count"]) { $0.setMetadata("samples", "2") },
        Damage("version missing", ["\"version\""]) { $0.setMetadata("version", nil) },
        Damage("version negative", ["\"version\""]) { $0.setMetadata("version", "-1") },
        Damage("version of 64 bits", ["\"version\""]) { $0.setMetadata("version", "9223372036854775807") },
        Damage("version no number", ["\"version\""]) { $0.setMetadata("version", "latest") },
    ]

    static let tensors =
        ["gram.packed_lower", "cross_moment", "class.mean", "class.m2", "weight"].flatMap { name in
            [
                Damage("\(name) missing", ["\"\(name)\"", "missing"]) { $0[name] = nil },
                Damage("\(name) with NaN", ["\(name)[1]", "not finite"]) { $0.set(name, 1, to: Double.nan) },
                Damage("\(name) with infinity", ["\(name)[0]", "not finite"]) { $0.set(name, 0, to: -Double.infinity) },
                Damage("\(name) in Float32", ["\"\(name)\"", "F32", "F64"]) { snapshot in
                    let values = snapshot.elements(name, as: Double.self).map(Float.init)
                    snapshot[name]?.type = .f32
                    snapshot[name]?.bytes = values.withUnsafeBytes(Array.init)
                },
                Damage("\(name) of another rank", ["\"\(name)\"", "shape", "expected"]) { $0[name]?.shape.append(1) },
                Damage("\(name) of another size", ["\"\(name)\"", "shape", "expected"]) { snapshot in
                    let last = snapshot[name]!.shape.count - 1
                    snapshot[name]!.shape[last] += 1
                    let missing = snapshot[name]!.shape.reduce(8, *) - snapshot[name]!.bytes.count
                    snapshot[name]!.bytes += [UInt8](repeating: 0, count: missing)
                },
            ]
        }
        + [
            Damage("class.count missing", ["\"class.count\"", "missing"]) { $0["class.count"] = nil },
            Damage("class.count in Float64", ["\"class.count\"", "F64", "I64"]) { $0["class.count"]?.type = .f64 },
            Damage("a negative count", ["class.count[1]"]) { $0.set("class.count", 1, to: Int64(-1)) },
            Damage("counts beyond the samples", ["class.count[1]"]) { $0.set("class.count", 1, to: Int64(2)) },
            Damage("counts whose sum overflows", ["class.count"]) {
                $0.setMetadata("samples", "9007199254740991")
                $0.set("class.count", 0, to: Int64(9_007_199_254_740_991))
                $0.set("class.count", 1, to: Int64.max)
            },
            Damage("a negative second moment", ["class.m2[0]"]) { $0.set("class.m2", 0, to: -1.0) },
            Damage("weights that do not solve", ["weight", "residual", "1e-6"]) {
                $0.set("weight", 0, to: $0.elements("weight", as: Double.self)[0] + 1e-3)
            },
            Damage("cross moment that is not solved", ["weight", "residual"]) { $0.set("cross_moment", 2, to: 7.0) },
            Damage("Gram matrix that is not solved", ["weight", "residual"]) { $0.set("gram.packed_lower", 0, to: 5.0) },
            Damage("finite values whose product is not", ["gram.packed_lower[0]", "out of range"]) {
                $0.set("gram.packed_lower", 0, to: 1e308)
            },
        ]

    static let projections = [
        Damage("projection missing", ["\"feature_map.projection\"", "missing"]) { $0["feature_map.projection"] = nil },
        Damage("projection with NaN", ["feature_map.projection[4]", "not finite"]) {
            $0.set("feature_map.projection", 4, to: Float.nan)
        },
        Damage("projection transposed", ["\"feature_map.projection\"", "[3, 2]", "[2, 3]"]) {
            $0["feature_map.projection"]?.shape = [3, 2]
        },
        Damage("projection in Float64", ["\"feature_map.projection\"", "F64", "F32"]) {
            let values = $0.elements("feature_map.projection", as: Float.self).map(Double.init)
            $0["feature_map.projection"]?.type = .f64
            $0["feature_map.projection"]?.bytes = values.withUnsafeBytes(Array.init)
        },
    ]

    static let cosines = [
        Damage("phases missing", ["\"feature_map.phase\"", "missing"]) { $0["feature_map.phase"] = nil },
        Damage("phase too large", ["feature_map.phase[1]", "out of range"]) { $0.set("feature_map.phase", 1, to: Float(1.5)) },
        Damage("projection too large", ["feature_map.projection[2]", "out of range"]) {
            $0.set("feature_map.projection", 2, to: Float(9))
        },
        Damage("an unknown map", ["feature_map.kind", "identity, random_relu, random"]) {
            $0.setMetadata("config", #"{"dimension":2,"feature_map":{"kind":"fourier","width":3}}"#)
        },
        Damage("another map than that of the phases", ["feature_map.phase", "not a known tensor"]) {
            $0.setMetadata("config", #"{"dimension":2,"feature_map":{"kind":"random","activation":"relu","width":3}}"#)
        },
        Damage("input that is not in the sums", ["gram.packed_lower", "[15]"]) {
            $0.setMetadata(
                "config", #"{"dimension":2,"feature_map":{"kind":"random","activation":"cos","width":3,"include_input":true}}"#)
        },
    ]

    @Test(arguments: cosines) func damagedPhasesAreNamed(_ damage: Damage) throws {
        try expectRefusal(of: damage, Fixture(#"{"dimension":2,"feature_map":{"kind":"random","activation":"cos","width":3}}"#))
    }

    @Test(arguments: metadata + tensors) func damageIsNamedAlthoughTheChecksumsFit(_ damage: Damage) throws {
        try expectRefusal(of: damage, Fixture())
    }

    @Test(arguments: projections) func damagedProjectionIsNamed(_ damage: Damage) throws {
        try expectRefusal(of: damage, Fixture(#"{"dimension":2,"feature_map":{"kind":"random_relu","width":3}}"#))
    }

    private func expectRefusal(of damage: Damage, _ fixture: Fixture) throws {
        var snapshot = try EditedSnapshot(fixture.snapshot)
        damage.apply(&snapshot)
        let file = try snapshot.encoded()
        #expect(file != fixture.snapshot)
        try fixture.expectRefusal(file, status: damage.status, damage.names, damage.testDescription)
        try fixture.expectNothingChanged()
    }

    /// Unknown tensors of any type and size are refused: nothing else of a snapshot is read.
    @Test(arguments: [TensorElementType.f64, .u8]) func tensorThatIsNotKnownIsRefusedByName(_ type: TensorElementType) throws {
        for config in [#"{"dimension":2}"#, #"{"dimension":2,"imbalance":{"kind":"reweight"}}"#] {
            let fixture = try Fixture(config)
            var snapshot = try EditedSnapshot(fixture.snapshot)
            for (name, shape) in [
                ("weight.extra", [0]), ("Weight", [1]), (config.contains("reweight") ? "class.gram.packed_lower" : "class.sketch", [0, 2]),
            ] {
                var edited = snapshot
                let bytes = [UInt8](repeating: 0, count: type.byteCount(shape: shape)!)
                edited[name] = EditedSnapshot.Tensor(type: type, shape: shape, bytes: bytes)
                let file = try edited.encoded()
                try fixture.expectRefusal(file, ["\"\(name)\"", "not a known tensor"], name)
                let merged = try fixture.model.client.send("POST", "/v1/models/m/merge", file, contentType: nil)
                #expect(merged.status == 400 && merged.problemDetail.contains("\"\(name)\""), "\(merged.text)")
            }
            #expect(fixture.service.modelNames == ["m"] && fixture.service.reservedBytes == fixture.reserved)
            // A checkpoint is a snapshot too.
            snapshot["idempotency"] = EditedSnapshot.Tensor(type: .u8, shape: [3], bytes: [1, 2, 3])
            #expect(try ModelClient(fixture.service, "checkpoint").restore(try snapshot.encoded()).status == 201)
        }
    }

    @Test func snapshotOfWeightsAloneCannotBeRestored() throws {
        let fixture = try Fixture()
        let weights = try fixture.model.snapshot("?parts=weights").body
        try fixture.expectRefusal(weights, ["gram.packed_lower", "missing"], "weights alone")
        try fixture.expectNothingChanged()
    }

    @Test func snapshotThatDoesNotFitInMemoryIsRefusedWithItsSize() throws {
        let source = try TestService()
        let large = ModelClient(source, "large")
        #expect(try large.create(#"{"dimension":300}"#).status == 201)
        let file = try large.snapshot().body
        let service = try TestService { $0.host.maximumMemory = file.count + 300_000 }
        let model = ModelClient(service)
        #expect(try model.create(#"{"dimension":2}"#).status == 201)
        try model.learn([[1, 2]], ["a"])
        let before = try model.state(probe: [1, 2])
        let reserved = service.reservedBytes
        for target in ["m", "new"] {
            var reply = try model.client.send("PUT", "/v1/models/\(target)/snapshot", file)
            // The previous upload may hold its disk space a moment longer than its client waits for the answer.
            for _ in 0..<500 where reply.status == 503 {
                usleep(10_000)
                reply = try model.client.send("PUT", "/v1/models/\(target)/snapshot", file)
            }
            #expect(reply.status == 422, "\(reply.text)")
            #expect(reply.problemDetail.contains("would take"))
            #expect(reply.problemDetail.contains("\(file.count + 300_000)"))
        }
        #expect(try model.state(probe: [1, 2]) == before)
        #expect(service.reservedBytes == reserved)
        #expect(service.modelNames == ["m"])
    }

    @Test(arguments: ["some", "", "WEIGHTS", "weights%2Call", "all,weights"]) func unknownPartsAreNamed(_ parts: String) throws {
        let fixture = try Fixture()
        let reply = try fixture.model.snapshot("?parts=\(parts)")
        #expect(reply.status == 400)
        #expect(reply.problemDetail.contains("all or weights"), "\(reply.text)")
    }

    @Test func matrixThatIsNotPositiveDefiniteDoesNoHarm() throws {
        let fixture = try Fixture()
        var snapshot = try EditedSnapshot(fixture.snapshot)
        // G = −5·I and W = Q/(λ − 5) solve the equation, but no rows have such a G.
        for (index, value) in [-5.0, 0, -5].enumerated() { snapshot.set("gram.packed_lower", index, to: value) }
        for (index, value) in snapshot.elements("cross_moment", as: Double.self).enumerated() {
            snapshot.set("weight", index, to: value / (0.1 - 5))
        }
        try fixture.expectRefusal(try snapshot.encoded(), ["Gram matrix"], "negative definite")
        try fixture.expectNothingChanged()
        #expect(try fixture.model.learn([[1, 2]], ["a"]).status == 200)
        #expect(try fixture.model.predict([[1, 2]])["predictions"][0]["score"].double?.isFinite == true)
    }
}
