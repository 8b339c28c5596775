import TensorFormats

/// Checks that several answers share.
enum HistoryChecks {
    /// Version, samples and classes of an answer.
    static func state(_ reply: Reply, _ model: OracleModel) throws {
        let (version, samples, classes) = (reply["version"].int, reply["samples"].int, reply["classes"].int)
        try demand(
            version == model.version && samples == model.samples && classes == model.classes.count,
            "version, samples and classes are \(version ?? -1), \(samples ?? -1) and \(classes ?? -1), expected \(model.version), "
                + "\(model.samples) and \(model.classes.count)")
    }

    /// A model's details.
    static func details(_ reply: Reply, _ model: OracleModel, _ name: String) throws {
        try state(reply, model)
        let details = reply.json
        try demand(details["name"].string == name, "the name is \(details["name"])")
        try demand(
            model.configuration.isDescribed(by: details["config"]), "config is \(details["config"]), expected \(model.configuration)")
        try demand(
            details["ridge"].double == model.configuration.ridge,
            "the ridge in force is \(details["ridge"]), expected \(model.configuration.ridge)")
        let evaluation = details["evaluation"]
        try demand(
            evaluation["evaluated_samples"].int == model.evaluated.rows,
            "evaluated_samples is \(evaluation["evaluated_samples"]), expected \(model.evaluated.rows)")
        try demand(
            model.evaluated.admits(evaluation["accuracy"].double),
            "the accuracy is \(evaluation["accuracy"]), expected \(model.evaluated)")
        let listed = evaluation["classes"].array ?? []
        try demand(listed.count == model.classes.count, "\(listed.count) classes are evaluated, expected \(model.classes.count)")
        for (entry, known) in zip(listed, model.classes) {
            let label = entry["label"].string.map { LabelBytes($0) }
            try demand(
                label == known.label && entry["count"].int == known.count, "evaluated \(entry), expected \(known.label) of \(known.count)")
            try demand(
                known.evaluated.admits(entry["accuracy"].double) || model.hasLostEvaluations,
                "the accuracy of \(known.label) is \(entry["accuracy"]), expected \(known.evaluated)")
        }
        try confusion(evaluation["confusion"].array ?? [], listed, model)
    }

    /// The predictions for each class's rows: complete, except for those of deleted classes, and with as many correct ones as the
    /// accuracies say.
    private static func confusion(_ entries: [JSONValue], _ listed: [JSONValue], _ model: OracleModel) throws {
        var (all, right): ([LabelBytes: Int], [LabelBytes: Int]) = ([:], [:])
        var pairs: Set<[LabelBytes]> = []
        for entry in entries {
            guard let label = entry["label"].string.map({ LabelBytes($0) }),
                let predicted = entry["predicted"].string.map({ LabelBytes($0) }),
                let count = entry["count"].int, model.column(of: label) != nil, model.column(of: predicted) != nil
            else { throw HistoryFailure("a confusion is \(entry)") }
            try demand(pairs.insert([label, predicted]).inserted, "\(entry) stands twice among the confusions")
            all[label, default: 0] += count
            if label == predicted { right[label] = count }
        }
        guard !model.hasLostEvaluations else { return }
        for (entry, known) in zip(listed, model.classes) {
            let rows = known.evaluated.rows
            let correct = Int(((entry["accuracy"].double ?? 0) * Double(rows)).rounded())
            let (told, toldRight) = (all[known.label] ?? 0, right[known.label] ?? 0)
            try demand(
                toldRight == correct && (model.hasLostConfusions ? told <= rows : told == rows),
                "\(told) rows of \(known.label) are among the confusions, \(toldRight) of them right, expected \(rows) and \(correct)")
        }
    }

    /// Whether a refusal says that weights cannot be solved for, if that is possible.
    static func isUnsolvable(_ world: OracleWorld, _ name: String, _ reply: Reply) -> Bool {
        guard reply.status == 422, var model = world.models[name] else { return false }
        // Few rows in many dimensions leave no scatter within the classes.
        if case .discriminant = model.configuration.imbalance { return reply.text.contains("has no balanced weights") }
        return !model.solution().isTold
    }

    /// The body that gives a class another label.
    static func newLabel(_ label: LabelBytes) -> [UInt8] { object("label", label) }

    static func otherClass(_ label: LabelBytes) -> [UInt8] { object("into", label) }

    private static func object(_ key: StaticString, _ label: LabelBytes) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key(key)
        writer.write(label.text)
        writer.endObject()
        return writer.array
    }
}
