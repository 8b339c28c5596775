internal import AnalyticLearning
internal import HTTPServer
internal import ModelHost
internal import TensorFormats

extension LearnAnswer {
    /// The answer to a learn request.
    ///
    /// - Parameter visibility: what the request asked for. A repeated request thus gets the same answer, also after a restart.
    func text(_ visibility: LearnVisibility) -> AnswerText {
        var text = AnswerText()
        text.add { [self] writer in
            writer.beginObject()
            writer.member("model", model)
            writer.member("version", version)
            writer.member("rows", rows)
            writer.member("samples", samples)
            writer.member("classes", classes)
            writer.key("new_classes")
            writer.beginArray()
        }
        text.add(newClasses.count) { [newClasses] writer, index in writer.write(newClasses[index]) }
        text.add { [accuracyBefore, servedAccuracyBefore] writer in
            writer.endArray()
            writer.member("accuracy_before", accuracyBefore)
            writer.member("served_accuracy_before", servedAccuracyBefore)
            if visibility == .later { writer.member("visible", false) }
            writer.endObject()
        }
        return text
    }
}

/// A model's details.
struct ModelAnswer: Sendable {
    private let summary: ModelSummary
    private let configuration: ModelConfiguration
    private let ridgeRace: RidgeRaceSummary?
    /// Nil, like the next, until R has been computed.
    private let health: ViewHealth?
    private let sumError: SumError?
    private let memoryBytes: Int
    private let balancedVersion: Int?
    /// Why there are no balanced weights.
    private let balanceUnavailable: String?
    private let evaluation: EvaluationAnswer
    private let race: [BalanceCurveAnswer]
    private let plainCalibration: Calibration?
    private let balancedCalibration: Calibration?
    private let activity: ActivityAnswer
    /// Why the model has stopped learning; nil if it has not.
    private let stopped: String?

    /// Copies everything the answer needs, so that a client that reads slowly does not keep the weights in memory.
    init(_ details: ModelDetails, _ condition: Model.Condition = .ready) {
        let weights = details.weights
        summary = ModelSummary(name: details.name, weights: weights, condition: condition == .recovering ? condition : .ready)
        configuration = weights.configuration
        ridgeRace = weights.ridgeRace
        health = weights.health
        sumError = weights.sumError
        memoryBytes = details.memoryBytes
        balancedVersion = weights.balancedVersion
        balanceUnavailable = weights.balanceUnavailable.map { "\($0)" }
        race = BalanceCurveAnswer.all(of: weights)
        evaluation = EvaluationAnswer(
            evaluation: weights.evaluation, labels: weights.labels, counts: weights.counts,
            balance: race.first { $0.kind == weights.defaultWeights })
        plainCalibration = weights.calibration(of: .plain)
        balancedCalibration = weights.calibration(of: .balanced)
        activity = ActivityAnswer(details)
        if case .stopped(let reason) = condition { stopped = reason } else { stopped = nil }
    }

    /// What the candidates of a ridge that chooses itself have predicted correctly.
    private func write(_ race: RidgeRaceSummary?, to writer: inout JSONWriter) {
        writer.key("ridge_race")
        guard let race else { return writer.writeNull() }
        writer.beginObject()
        writer.member("scored_samples", race.scored)
        writer.key("candidates")
        writer.beginArray()
        for candidate in race.candidates {
            writer.beginObject()
            writer.member("ridge", candidate.ridge)
            writer.member("share", candidate.share)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }

    func text(_ status: Status = .ok) -> AnswerText {
        var text = AnswerText(status)
        text.add { [self] writer in
            writer.beginObject()
            summary.write(to: &writer)
            if let stopped {
                writer.member("learning_stopped", stopped)
            }
            writer.member("config", ConfigurationJSON.encode(configuration))
            writer.member("ridge", configuration.ridge)
            if configuration.ridgeChoice != .fixed { write(ridgeRace, to: &writer) }
            writer.member("ill_conditioned", health?.isIllConditioned)
            if let ridge = health?.curingRidge {
                writer.member("suggested_ridge", ridge)
            }
            writer.member("inexact", sumError?.isInexact)
            if let sumError, sumError.isInexact {
                writer.member("relative_error_bound", sumError.relative.isFinite ? sumError.relative : nil)
            }
            writer.member("condition_estimate", health.flatMap { $0.conditionEstimate.isFinite ? $0.conditionEstimate : nil })
            writer.member("drift", health?.drift)
            writer.member("solves", health?.solves)
            if configuration.imbalance != .none {
                writer.member("balanced_version", balancedVersion)
            }
            if let balanceUnavailable {
                writer.member("balanced_unavailable", balanceUnavailable)
            }
            writer.key("evaluation")
            writer.beginObject()
        }
        evaluation.add(to: &text)
        text.add { [self] writer in
            writer.endObject()
            writer.key("race")
            writer.beginArray()
            for entry in race { entry.write(to: &writer) }
            writer.endArray()
            writer.key("calibration")
            CalibrationAnswer(calibration: plainCalibration).write(to: &writer)
            if configuration.imbalance != .none {
                writer.key("balanced_calibration")
                CalibrationAnswer(calibration: balancedCalibration).write(to: &writer)
            }
            activity.write(to: &writer)
            writer.member("memory_bytes", memoryBytes)
            writer.endObject()
        }
        return text
    }
}

extension RowsChanged {
    /// The answer to a merge or an unlearn up to its list of classes, and the part after it.
    ///
    /// - Parameter key: the name of the list.
    func written(listing key: StaticString) -> (start: [UInt8], end: [UInt8]) {
        var writer = JSONWriter()
        writer.beginObject()
        state.write(to: &writer)
        writer.member("rows", rows)
        writer.key(key)
        return (writer.array, Array("}".utf8))
    }
}

extension Keyed<RowsChanged> {
    /// The answer, the same each time it is given.
    ///
    /// - Parameter key: the name of the list of classes.
    func text(listing key: StaticString) -> AnswerText {
        switch self {
        case .made(let change):
            let (start, end) = change.written(listing: key)
            return Self.text(start, change.classes, end)
        case .remembered(let answer): return Self.text(answer.start, answer.labels, answer.end)
        }
    }

    private static func text(_ start: [UInt8], _ labels: [Label]?, _ end: [UInt8]) -> AnswerText {
        var text = AnswerText(start)
        guard let labels else { return text }
        text.add { $0.beginArray() }
        text.add(labels.count) { writer, index in writer.write(labels[index]) }
        text.add { $0.endArray() }
        text.add(octets: end)
        return text
    }
}

extension StateSummary {
    /// Writes the part of every answer to a change that describes the state.
    func write(to writer: inout JSONWriter) {
        writer.member("model", model)
        writer.member("version", version)
        writer.member("samples", samples)
        writer.member("classes", classes)
    }
}

extension ClassRenamed {
    var text: AnswerText {
        AnswerText { writer in
            state.write(to: &writer)
            writer.member("label", label)
        }
    }
}

extension ClassDeleted {
    var text: AnswerText {
        AnswerText { writer in
            state.write(to: &writer)
            writer.member("label", label)
            writer.member("rows_of_no_class", rows)
            writer.key("detail")
            writer.write(
                "the class is deleted; its \(rows) rows stay in the Gram matrix as rows of no class: the weights are the joint solution in "
                    + "which these rows have all-zero targets" as String)
        }
    }
}

extension ClassesJoined {
    /// The answer as it is written and remembered.
    var octets: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        state.write(to: &writer)
        writer.member("rows", rows)
        writer.member("into", into)
        writer.endObject()
        return writer.array
    }
}

extension Keyed<ClassesJoined> {
    /// The answer, the same each time it is given.
    var text: AnswerText {
        switch self {
        case .made(let joined): AnswerText(joined.octets)
        case .remembered(let answer): AnswerText(answer.start)
        }
    }
}

extension Response {
    /// A response whose content is one JSON object.
    static func json(_ status: Status = .ok, _ body: (inout JSONWriter) -> Void) -> Response {
        var writer = JSONWriter()
        writer.beginObject()
        body(&writer)
        writer.endObject()
        return Response(status, contentType: "application/json", bytes: writer.array)
    }
}
