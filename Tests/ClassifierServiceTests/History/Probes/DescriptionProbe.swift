import TensorFormats

/// Details, classes and history of a model.
enum DescriptionProbe: ModelProbe {
    static let operations = ["describe_model", "list_classes", "model_history"]

    static func check(_ world: HistoryWorld, _ name: String, _ generator: inout SeededGenerator) throws {
        guard var model = world.oracle.models[name] else { return }
        let path = "/v1/models/\(name)"
        let details = try world.get(path)
        try HistoryChecks.details(details, model, name)
        try demand(details["learning_stopped"] == .null, "learning has stopped: \(details["learning_stopped"])")
        model.evaluated.settle(details["evaluation"]["accuracy"].double)
        for (column, entry) in (details["evaluation"]["classes"].array ?? []).enumerated() where column < model.classes.count {
            model.classes[column].evaluated.settle(entry["accuracy"].double)
        }
        try checkClasses(try world.get(path + "/classes"), model)
        let history = try world.get(path + "/history")
        let points = history["points"].array ?? []
        try demand(
            (points.last?["evaluated_samples"].int ?? 0) == model.evaluated.rows && history["version"].int == model.version,
            "the history ends with \(points.last ?? .null) at version \(history["version"]), expected \(model.evaluated)")
        for suffix in ["", "/classes", "/history"] { try world.head(path + suffix, as: 200) }
        for suffix in ["", "/classes", "/history", "/snapshot", "/events"] { try world.head("/v1/models/none" + suffix, as: 404) }
        world.oracle.models[name] = model
    }

    private static func checkClasses(_ reply: Reply, _ model: OracleModel) throws {
        try demand(reply["version"].int == model.version, "the classes are of version \(reply["version"]), expected \(model.version)")
        let listed = reply["classes"].array ?? []
        let told = listed.map { "\($0["label"].string.map { LabelBytes($0).description } ?? "") \($0["count"])" }
        let expected = model.classes.map { "\($0.label) \(JSONValue.integer($0.count))" }
        try demand(told == expected, "the classes are \(told), expected \(expected)")
    }
}
