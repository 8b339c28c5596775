internal import Concurrency
internal import HTTPServer
internal import TensorFormats

/// Sends answers whose length grows with a model, or with the number of models.
///
/// A short answer is written where it is requested. Compute threads write a longer one, piece by piece as its client takes it: its length
/// delays no event loop, and only a few pieces are in memory, which count against the memory for answers. The length is counted first, so
/// that it is announced as in any other answer.
struct AnswerSender: Sendable {
    let pool: ComputePool

    /// Octets that an event loop writes itself, give or take an item.
    static let maximumInline = 16 << 10
    /// The most items for which an event loop reads a model itself.
    static let maximumInlineItems = 256
    /// Octets sent as one piece.
    static let maximumWhole = 64 << 10
    /// Octets written at a time.
    static let pieceSize = 64 << 10

    static var busy: Problem { .busy("the compute threads are overloaded") }

    /// Answers from an event loop.
    ///
    /// - Parameters:
    ///   - items: the number of items in the text, as far as known: many are not even counted on the loop.
    ///   - form: the format of a problem.
    ///   - make: makes the text, on the loop or on a compute thread.
    func answer(
        _ request: borrowing Request, _ responder: consuming Responder, items: Int, form: ErrorForm = .problem,
        _ make: @escaping @Sendable () throws(Problem) -> AnswerText
    ) {
        let isHead = request.method == .head
        guard items <= Self.maximumInlineItems else {
            let deferred = responder.deferred()
            let isQueued = pool.run(.reading) {
                do throws(Problem) {
                    try send(make(), to: deferred, .reading, isHead: isHead)
                } catch { deferred.send(form.response(error)) }
            }
            if !isQueued { deferred.send(form.response(Self.busy)) }
            return
        }
        let text: AnswerText
        do throws(Problem) { text = try make() } catch { return responder.send(form.response(error)) }
        var (place, writer) = (AnswerText.Place(), JSONWriter())
        if text.write(from: &place, to: &writer, limit: Self.maximumInline) {
            return responder.send(Response(text.status, contentType: "application/json", bytes: writer.array))
        }
        let deferred = responder.deferred()
        if !pool.run(.reading, { send(text, to: deferred, .reading, isHead: isHead) }) { deferred.send(form.response(Self.busy)) }
    }

    /// Answers from the thread that did the work; compute threads write a long answer, however busy they are.
    func answer(_ text: AnswerText, to responder: DeferredResponder) {
        var (place, writer) = (AnswerText.Place(), JSONWriter())
        if text.write(from: &place, to: &writer, limit: Self.maximumWhole) {
            return responder.send(Response(text.status, contentType: "application/json", bytes: writer.array))
        }
        if !pool.runAlways(.writing, { send(text, to: responder, .writing) }) {
            responder.send(Problem.busy("the server is stopping").response)
        }
    }

    /// Sends a text from a compute thread.
    private func send(_ text: AnswerText, to responder: DeferredResponder, _ lane: Lane, isHead: Bool = false) {
        var (place, writer) = (AnswerText.Place(), JSONWriter())
        if text.write(from: &place, to: &writer, limit: Self.maximumWhole) {
            return responder.send(Response(text.status, contentType: "application/json", bytes: writer.array))
        }
        guard let count = text.count(isWanted: { responder.isConnected }) else { return }
        let body: ResponseBody = isHead ? .unsent(count) : .stream(AnswerStream(text, count: count, pool: pool, lane).begin())
        responder.send(Response(text.status, contentType: "application/json", body: body))
    }
}
