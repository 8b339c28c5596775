internal import AnalyticLearning
internal import Concurrency
internal import LinearAlgebra
internal import TensorFormats

extension ModelWorker {
    /// A request of a block that is being learned.
    private struct Accepted {
        var job: LearnJob
        var newLabels: Range<Int>
        var span: RequestSpan
        /// Repeats of the same request that arrived in the meantime; they get the same answer.
        var duplicates: [LearnJob] = []
    }

    /// Learns waiting requests as one block; each gets its own answer.
    ///
    /// Answers rely on this order: check, log, learn, publish, answer. While the device writes the log, the block is mapped and
    /// multiplied by R, in scratch memory; nothing changes before the log is on the device.
    func learn(_ jobs: [LearnJob]) {
        features.reserveCapacity(jobs.reduce(0) { $0 + $1.rows.features.count })
        // Some requests are followed by none for days; the next one finds free memory soon enough.
        defer { features = [] }
        var columns: [Int] = []
        let accepted = accept(jobs, &columns)
        guard !accepted.isEmpty else { return }
        let isForLater = jobs[0].isForLater && defersRows(columns.count)
        let time = WallClock.coarseSeconds
        let outcome: LearnOutcome
        do throws(ModelError) {
            outcome = try learn(accepted, columns, isForLater: isForLater, time: time)
        } catch {
            forgetClasses(from: accepted[0].span.knownClasses)
            if unseen.count == 0 { endLoad() }
            for entry in accepted {
                entry.job.completion.fail(error)
                for job in entry.duplicates { job.completion.fail(error) }
            }
            return
        }
        if isForLater {
            noteLoaded(columns.count)
        } else {
            refreshInLine(rows: columns.count)
            publish()
        }
        let period = context.learnedRows.add(columns.count)
        model.activity.withLock {
            $0.learnRequests += accepted.count
            $0.learnedRows += columns.count
            $0.recentRows.add(columns.count, in: period)
        }
        // Before the answers: a client that has its answer and then opens the event stream must not see the block again.
        tellOfLearning(
            rows: columns.count, knownBefore: accepted[0].span.knownClasses,
            accuracyBefore: accuracy(accepted.map(\.span)) {
                outcome.accuracy(of: $0, columns: columns, knownClasses: $1)
            },
            servedAccuracyBefore: accuracy(accepted.map(\.span)) {
                outcome.servedAccuracy(of: $0, columns: columns, knownClasses: $1)
            })
        answer(accepted, outcome, columns, time: time)
        if !isForLater { moveRidgeIfDecided() }
    }

    /// Answers the requests that are not to be learned; returns the others.
    private func accept(_ jobs: [LearnJob], _ columns: inout [Int]) -> [Accepted] {
        var accepted: [Accepted] = []
        var places: [IdempotencyKey: Int] = [:]
        for job in jobs {
            do throws(ModelError) {
                if let identity = job.rows.identity {
                    if case .answered(let answer) = try idempotency.find(identity) {
                        try store?.prove()
                        job.repeatAnswer(answer.learned(classifier.registry))
                        continue
                    }
                    if let place = places[identity.key], let first = accepted[place].job.rows.identity {
                        guard first.hash == identity.hash, first.block == identity.block else { throw .otherRequest(identity.key) }
                        accepted[place].duplicates.append(job)
                        continue
                    }
                }
                try requireCountable(rows: columns.count + job.rows.count)
                try store?.requireUsable()
                // The first of them chooses the scale.
                if accepted.isEmpty { try requireScale(job.rows) }
                accepted.append(try intern(job, &columns))
                features.append(contentsOf: job.rows.features)
                if let identity = job.rows.identity { places[identity.key] = accepted.count - 1 }
            } catch {
                job.completion.fail(error)
            }
        }
        return accepted
    }

    /// Logs a block and learns it.
    private func learn(_ accepted: [Accepted], _ columns: [Int], isForLater: Bool, time: Int) throws(ModelError) -> LearnOutcome {
        let (rows, spans) = (accepted.map(\.job.rows), accepted.map(\.span))
        let isOverlapped = !isForLater && classifier.operationsBeforeConfirmation(spans: spans) >= Self.overlappedOperations
        if isOverlapped {
            try store?.beginAppend(rows, time: time, version: classifier.version + 1)
        } else {
            try store?.append(rows, time: time, version: classifier.version + 1)
        }
        var refusal: ModelError?
        do {
            let outcome = try features.withUnsafeBufferPointer { (buffer) throws(LinearAlgebraError) in
                try classifier.learn(features: buffer, columns: columns, spans: spans, isForLater: isForLater) {
                    do throws(ModelError) { try store?.finishAppend() } catch { refusal = error }
                    return refusal == nil
                }
            }
            if let outcome { return outcome }
        } catch {
            // Rows that could not be learned must not be replayed at the next start.
            try store?.finishAppend()
            try store?.takeBack()
            throw ModelError(.outOfSpace, "not enough memory for the matrices of new classes; nothing was learned")
        }
        throw refusal ?? ModelError(.internal, "rows were refused without a reason")
    }

    /// Multiply-adds that take longer than handing a sync to another thread.
    private static let overlappedOperations = 1e6

    /// The share of a block's rows that were predicted right before their request; nil if no class was known before any of them.
    ///
    /// - Parameter share: the share of a request's rows; nil if no class was known before it.
    private func accuracy(_ spans: [RequestSpan], _ share: (_ rows: Range<Int>, _ knownClasses: Int) -> Double?) -> Double? {
        var (rows, correct, row) = (0, 0.0, 0)
        for span in spans {
            if let share = share(row..<(row + span.rows), span.knownClasses) {
                rows += span.rows
                correct += share * Double(span.rows)
            }
            row += span.rows
        }
        return rows > 0 ? correct.rounded() / Double(rows) : nil
    }

    private func answer(_ accepted: [Accepted], _ outcome: LearnOutcome, _ columns: [Int], time: Int) {
        var samples = classifier.samples - columns.count
        var row = 0
        var answers: [LearnAnswer] = []
        answers.reserveCapacity(accepted.count)
        for entry in accepted {
            let rows = row..<(row + entry.job.rows.count)
            samples += entry.job.rows.count
            let answer = LearnAnswer(
                model: model.name, version: classifier.version, rows: entry.job.rows.count, samples: samples,
                classes: entry.newLabels.upperBound, newClasses: Array(classifier.registry.labels[entry.newLabels]),
                accuracyBefore: outcome.accuracy(of: rows, columns: columns, knownClasses: entry.span.knownClasses),
                servedAccuracyBefore: outcome.servedAccuracy(of: rows, columns: columns, knownClasses: entry.span.knownClasses))
            if let identity = entry.job.rows.identity {
                var kept = answer
                kept.newClasses = []
                let classes = AnsweredClasses(entry.newLabels, of: classifier.registry)
                idempotency.remember(identity, .learn(kept, newClasses: classes), time: time)
            }
            answers.append(answer)
            row = rows.upperBound
        }
        // What is remembered counts before anybody can ask.
        noteMemory()
        for (entry, answer) in zip(accepted, answers) {
            entry.job.completion.succeed(answer)
            for job in entry.duplicates { job.completion.succeed(answer) }
        }
    }

    /// Assigns columns to a request's labels. Memory for new classes is reserved first; if there is not enough, only this request is
    /// refused.
    private func intern(_ job: LearnJob, _ columns: inout [Int]) throws(ModelError) -> Accepted {
        guard job.rows.dimension == classifier.configuration.dimension else { throw restoredMeanwhile() }
        let labels = try job.rows.labels.labels()
        let known = classifier.registry.count
        let firstColumn = columns.count
        columns.append(contentsOf: classifier.intern(labels))
        let added = classifier.registry.count - known
        do throws(ModelError) {
            try reserve(newClasses: added, known: known)
        } catch {
            classifier.forgetClasses(from: known)
            columns.removeLast(columns.count - firstColumn)
            throw error
        }
        return Accepted(
            job: job, newLabels: known..<classifier.registry.count, span: RequestSpan(rows: job.rows.count, knownClasses: known))
    }

    /// Throws if the feature map needs a scale that these rows do not give.
    private func requireScale(_ rows: LearnRows) throws(ModelError) {
        guard classifier.configuration.needsScale, rows.dimension == classifier.configuration.dimension else { return }
        do throws(ScaleError) {
            _ = try rows.features.withUnsafeBufferPointer { (rows) throws(ScaleError) in try classifier.scale(for: rows) }
        } catch {
            throw ModelError(.impossible, "\(error); nothing was learned")
        }
    }

    /// Throws if samples or versions would exceed the largest count: a snapshot of such a model could not be restored.
    func requireCountable(rows: Int = 0) throws(ModelError) {
        guard !classifier.canCount(rows: rows) else { return }
        let state = "\(classifier.samples) samples at version \(classifier.version)"
        throw ModelError(
            .impossible, "the model \"\(model.name)\" has \(state), and neither may exceed \(Classifier.maximumCount)")
    }

    /// Forgets classes of requests that were not learned, and releases their memory.
    private func forgetClasses(from known: Int) {
        classifier.forgetClasses(from: known)
        settleReservation()
    }
}
