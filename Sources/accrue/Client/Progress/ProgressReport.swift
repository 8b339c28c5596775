import ClassifierService
internal import Concurrency
import Foundation

/// Shows a transfer's progress on standard error: a continually redrawn bar on a terminal, otherwise a line every few seconds.
///
/// Any thread may update it. Its own thread writes, so that the rate and the clock change even if nothing moves.
final class ProgressReport: Sendable {
    private struct State {
        var text: ProgressText
        var isFinished = false
        var hasBar = false
    }

    private let state: Guarded<State>
    private let monitor = Monitor()
    private let start = MonotonicClock.now
    private let isTerminal: Bool
    private let isQuiet: Bool

    /// Seconds between lines if standard error is not a terminal, and between redraws of a bar if it is.
    private static let (lineInterval, barInterval) = (5.0, 0.2)

    /// - Parameter isQuiet: whether to show only messages.
    init(_ text: ProgressText, isQuiet: Bool) {
        state = Guarded(State(text: text))
        isTerminal = isatty(STDERR_FILENO) == 1
        self.isQuiet = isQuiet
        guard !isQuiet else { return }
        // Without a thread no progress is shown, but the transfer goes on.
        try? Threads.start("progress") { [self] in run() }
    }

    /// Updates the figures.
    func update(_ change: (inout ProgressText) -> Void) { state.withLock { change(&$0.text) } }

    /// Seconds since the start.
    var elapsed: Double { MonotonicClock.now - start }

    /// Prints a message between progress lines.
    func say(_ message: String) {
        state.withLock { state in
            Self.write((state.hasBar ? "\r\u{1B}[K" : "") + "accrue: \(message)\n")
            state.hasBar = false
        }
    }

    /// Ends the report and removes the bar.
    func finish() {
        monitor.withLock {
            state.withLock { state in
                guard !state.isFinished else { return }
                state.isFinished = true
                if state.hasBar { Self.write("\r\u{1B}[K") }
                state.hasBar = false
            }
            monitor.broadcast()
        }
    }

    private func run() {
        let interval = isTerminal ? Self.barInterval : Self.lineInterval
        var next = start + interval
        while true {
            let isOver = monitor.withLock {
                while !state.withLock({ $0.isFinished }), monitor.wait(until: next) {}
                return state.withLock { $0.isFinished }
            }
            if isOver { return }
            next += interval
            show()
        }
    }

    private func show() {
        state.withLock { state in
            guard !state.isFinished else { return }
            state.text.elapsed = MonotonicClock.now - start
            if isTerminal {
                Self.write("\r\(state.text.bar(width: Self.terminalWidth))\u{1B}[K")
                state.hasBar = true
            } else {
                Self.write("\(state.text.plain)\n")
            }
        }
    }

    private static var terminalWidth: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    private static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
