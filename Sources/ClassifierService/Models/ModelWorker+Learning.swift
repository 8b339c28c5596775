internal import AnalyticLearning
internal import HTTPServer
internal import LinearAlgebra
internal import TensorFormats

extension ModelWorker {
    private struct Accepted {
        var job: LearnJob
        var newLabels: Range<Int>
        var span: RequestSpan
    }

    /// Learns waiting requests as one block; each gets its own answer.
    func learn(_ jobs: [LearnJob]) {
        features.removeAll(keepingCapacity: features.capacity <= 1 << 22)
        var columns: [Int] = []
        var accepted: [Accepted] = []
        for job in jobs {
            do throws(Problem) {
                accepted.append(try intern(job, &columns))
                features.append(contentsOf: job.features)
            } catch {
                job.receiver.send(error)
            }
        }
        guard !accepted.isEmpty else { return }
        var samples = classifier.samples
        let outcome: LearnOutcome
        do {
            outcome = try features.withUnsafeBufferPointer { (buffer) throws(LinearAlgebraError) in
                try classifier.learn(features: buffer, columns: columns, spans: accepted.map(\.span))
            }
        } catch {
            classifier.forgetClasses(from: accepted[0].span.knownClasses)
            let problem = Problem(.insufficientStorage, "the machine gave no memory for the matrices of new classes; nothing was learned")
            for entry in accepted { entry.job.receiver.send(problem) }
            return
        }
        publish()
        var row = 0
        for entry in accepted {
            let rows = row..<(row + entry.job.rows)
            samples += entry.job.rows
            let answer = LearnAnswer(
                model: model.name, version: classifier.version, rows: entry.job.rows, samples: samples,
                classes: entry.newLabels.upperBound, newClasses: Array(classifier.registry.labels[entry.newLabels]),
                accuracyBefore: outcome.accuracy(of: rows, columns: columns, knownClasses: entry.span.knownClasses))
            entry.job.receiver.send(answer)
            row = rows.upperBound
        }
    }

    /// Gives a request's labels their columns; memory for new classes is reserved first, and a request that finds none is refused alone.
    private func intern(_ job: LearnJob, _ columns: inout [Int]) throws(Problem) -> Accepted {
        guard job.dimension == classifier.configuration.dimension else { throw restoredMeanwhile() }
        let known = classifier.registry.count
        let firstColumn = columns.count
        columns.append(contentsOf: classifier.intern((0..<job.rows).map { job.labels[$0] }))
        let added = classifier.registry.count - known
        do throws(Problem) {
            reserved += try reserve(classes: added)
        } catch {
            classifier.forgetClasses(from: known)
            columns.removeLast(columns.count - firstColumn)
            throw error
        }
        return Accepted(
            job: job, newLabels: known..<classifier.registry.count, span: RequestSpan(rows: job.rows, knownClasses: known))
    }
}
