import Foundation
import TensorFormats

/// A ridge far off that then chooses itself: once there are candidates, rows make it move.
enum RidgeStep {
    static func run(_ world: HistoryWorld, _ generator: inout SeededGenerator) throws {
        let small = world.oracle.models.filter { name, model in
            // A narrow random map may leave nothing to tell the classes apart.
            model.samples < 400 && world.data.scale(of: model.configuration) == .normal
                && (model.configuration.featureMap == .identity || model.width > 2 * model.configuration.dimension)
        }
        guard let name = small.keys.sorted().randomElement(using: &generator), let labels = labels(small[name]!) else { return }
        let far = [1e-6, 1e6, 1e12, 1e12].randomElement(using: &generator)!
        try CallStep.run(PatchCalls.call(name, .init(ridge: far)), world)
        try CallStep.run(PatchCalls.call(name, .init(ridgeMetric: HistoryData.ridgeMetric(&generator))), world)
        while let model = world.oracle.models[name], model.samples < 200 { try learn(name, 100, labels, world, &generator) }
        // They are computed while nothing else happens.
        for _ in 0..<100 {
            if try world.get("/v1/models/\(name)")["ridge_race"] != .null { break }
            usleep(5000)
        }
        for _ in 0..<Int.random(in: 2...4, using: &generator) {
            try learn(name, Int.random(in: 70...110, using: &generator), labels, world, &generator)
        }
    }

    /// Two classes of the model, or new ones; nil if it may have no more.
    private static func labels(_ model: OracleModel) -> [LabelBytes]? {
        let new = HistoryData.labels.filter { !model.labels.contains($0) }.prefix(HistoryData.largestClassCount - model.classes.count)
        let labels = Array((model.labels + new).prefix(2))
        return labels.count == 2 ? labels : nil
    }

    /// Learns rows that are far from the origin, nearer to one another than to it, and mostly of one class: a large ridge predicts that
    /// class for all of them, a small one tells them apart.
    private static func learn(
        _ name: String, _ count: Int, _ labels: [LabelBytes], _ world: HistoryWorld, _ generator: inout SeededGenerator
    ) throws {
        guard let model = world.oracle.models[name] else { return }
        var (rows, own): ([[Double]], [LabelBytes]) = ([], [])
        for _ in 0..<count {
            let place = Int.random(in: 0..<3, using: &generator) / 2
            own.append(labels[place])
            rows.append(
                (0..<model.configuration.dimension).map { index in
                    ((2 + 0.3 * generator.normal() + (index % 2 == place ? 1.5 : 0)) * 64).rounded() / 64
                })
        }
        guard let call = LearnCalls.call(name, rows, own, .json, isForLater: false, &generator) else { return }
        try CallStep.run(CallStep.keyed(call, world, &generator), world)
        world.note("  the race: \(try world.get("/v1/models/\(name)")["ridge_race"])")
    }
}
