internal import Concurrency
internal import HTTPServer
internal import TensorFormats

/// Sends answers whose length grows with a model, or with the number of models.
///
/// A short one is written where it is asked for. A longer one is written by the compute threads, piece by piece as its client takes it: no
/// event loop is held up by its length, and no more than some pieces of it are in memory, which count against the memory for answers. Its
/// length is counted first, so that it is announced like any other.
struct AnswerSender: Sendable {
    let pool: ComputePool

    /// Octets that an event loop writes itself, give or take an item.
    static let maximumInline = 16 << 10
    /// Items for which an event loop looks at a model itself.
    static let maximumInlineItems = 256
    /// Octets that are sent as one.
    static let maximumWhole = 64 << 10
    /// Octets that are written at a time.
    static let pieceSize = 64 << 10

    static var busy: Problem { .busy("the compute threads are overloaded") }

    /// Answers from an event loop.
    ///
    /// - Parameters:
    ///   - items: how many items the text will have, as far as is known: many are not even looked at on the loop.
    ///   - form: of the problem where there is one.
    ///   - make: makes the text; on the loop or on a compute thread.
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

    /// Answers what was done, from the thread that did it: the compute threads write what is long, however much they have to do.
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
