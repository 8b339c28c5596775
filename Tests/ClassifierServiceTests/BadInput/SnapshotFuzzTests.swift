import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// Snapshots with arbitrary damage and valid checksums: the service can work with whatever it accepts; whatever it refuses changes nothing.
@Suite struct SnapshotFuzzTests {
    private static let doubles = [
        0, -0.0, 1, -1, 1e-300, .leastNonzeroMagnitude, 1e60, 1e121, -1e150, 1e250, 1e308, -.greatestFiniteMagnitude, .infinity, .nan,
    ]
    private static let integers: [Int64] = [0, 1, -1, -2, -3, 2, 3, 20, 21, 1 << 31, 1 << 32, (1 << 62) - 1, 1 << 62, .max, .min]
    private static let texts = [
        "0", "1", "-1", "20", "1099511627776", "4611686018427387904", "9223372036854775808", "1e3", "null", "[]", "{}", "\"x\"", "",
        #"["c0","c1"]"#, #"["c0","c1","c2","c3"]"#, #"["c1","c0","c2"]"#, #"["\u00e9","e\u0301","c2"]"#,
    ]

    @Test(arguments: [
        #"{"dimension":4}"#, #"{"dimension":3,"feature_map":{"kind":"random_relu","width":5}}"#,
        #"{"dimension":3,"feature_map":{"kind":"random","activation":"cos","width":5,"scale":2,"include_input":true}}"#,
        #"{"dimension":4,"imbalance":{"kind":"reweight"},"sketch_rank":2}"#, #"{"dimension":3,"sketch_rank":"exact"}"#,
        #"{"dimension":4,"imbalance":{"kind":"pseudo_features","cap":3}}"#,
    ])
    func damageDoesNoHarm(_ config: String) throws {
        let service = try TestService { $0.host.maximumMemory = 64 << 20 }
        let model = ModelClient(service)
        let created = try model.create(config)
        #expect(created.status == 201)
        let dimension = created["config"]["dimension"].int ?? 0
        var generator = SeededGenerator(seed: 2)
        for index in 0..<20 { try model.learn([(0..<dimension).map { _ in generator.normal() }], ["c\(index % 3)"]) }
        if config.contains("imbalance") { #expect(try model.client.send("POST", model.path + "/rebalance").status == 200) }
        let original = try model.snapshot().body
        let row = (0..<dimension).map { _ in generator.normal() }
        let victim = ModelClient(service, "victim")
        #expect(try victim.restore(original).status == 201)

        var taken = 0
        for round in 0..<150 {
            var snapshot = try EditedSnapshot(original)
            for _ in 0..<Int.random(in: 1...2, using: &generator) { Self.damage(&snapshot, &generator) }
            let before = try victim.details()["version"].int
            let reply = try victim.restore(try snapshot.encoded())
            guard reply.status == 200 else {
                #expect([400, 409, 422].contains(reply.status), "round \(round): \(reply.text)")
                #expect(!reply.problemDetail.isEmpty)
                #expect(try victim.details()["version"].int == before)
                continue
            }
            taken += 1
            // The damage may have changed the numbers of the configuration too.
            let width = reply["config"]["dimension"].int ?? 0
            let probe = width == dimension ? row : [Double](repeating: 1, count: width)
            let predicted = try victim.predict([probe], top: 10)
            #expect(predicted.status == 200, "round \(round): \(predicted.text)")
            for entry in predicted["predictions"][0]["top"].array ?? [] { #expect(entry["score"].double?.isFinite == true) }
            let learned = try victim.learn([probe], ["c1"])
            #expect(learned.status == 200, "round \(round): \(learned.text)")
            #expect(try victim.details().json.object != nil)
            #expect(try victim.client.send("GET", victim.path + "/classes").status == 200)
            let again = try victim.restore(try victim.snapshot().body)
            #expect(again.status == 200, "round \(round): what was saved cannot be restored: \(again.text)")
            #expect(try victim.restore(original).status == 200)
        }
        #expect(taken > 0 && taken < 150, "\(taken) of 150 were taken: the damage tells nothing")
    }

    private static func damage(_ snapshot: inout EditedSnapshot, _ generator: inout SeededGenerator) {
        guard Int.random(in: 0..<6, using: &generator) > 0 else {
            let keys = snapshot.metadata.map(\.key).filter { $0 != "format" }
            return snapshot.setMetadata(keys.randomElement(using: &generator)!, texts.randomElement(using: &generator)!)
        }
        let name = snapshot.names.randomElement(using: &generator)!
        guard let tensor = snapshot[name], !tensor.bytes.isEmpty else { return }
        let index = Int.random(in: 0..<(tensor.bytes.count / tensor.type.byteCount), using: &generator)
        switch tensor.type {
        case .f64: snapshot.set(name, index, to: doubles.randomElement(using: &generator)!)
        case .f32: snapshot.set(name, index, to: Float(doubles.randomElement(using: &generator)!))
        case .i64: snapshot.set(name, index, to: integers.randomElement(using: &generator)!)
        default: snapshot[name]?.bytes[index] ^= 0xFF
        }
    }
}
