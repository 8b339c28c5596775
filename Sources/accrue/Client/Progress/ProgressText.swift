import Foundation

/// The progress of a transfer, as a line of text.
struct ProgressText: Equatable {
    /// What is counted.
    enum Unit { case rows, bytes }

    var unit = Unit.rows
    var done = 0
    /// The total, if known.
    var total: Int?
    /// The share of the input that is done, from 0 to 1, if known; otherwise `done` over `total` is used.
    var fraction: Double?
    /// Seconds since the start.
    var elapsed = 0.0
    /// Done before the start: not counted in the rate.
    var skipped = 0
    /// Why nothing moves.
    var note: String?

    /// From 0 to 1.
    var share: Double? {
        if let total { return total == 0 ? 1 : min(1, Double(done) / Double(total)) }
        return fraction.map { min(1, max(0, $0)) }
    }

    /// The share in whole percent: 100 only when everything is done.
    private var percent: String? { share.map { String(Int($0 * 100)) } }

    /// Units per second since the start.
    var rate: Double { elapsed > 0 ? Double(done - skipped) / elapsed : 0 }

    /// Seconds for the rest at this rate; nil if unknown.
    var remaining: Double? {
        if let total, rate > 0 { return Double(max(0, total - done)) / rate }
        // For a file with an unknown number of rows: by its bytes.
        guard total == nil, let share, share > 0, skipped == 0 else { return nil }
        return elapsed * (1 - share) / share
    }

    /// One line without a bar: for files and pipes.
    var plain: String { words(withShare: true) }

    /// - Parameter withShare: whether to append the share to a number whose total is unknown.
    private func words(withShare: Bool) -> String {
        var parts = [total.map { "\(unit == .rows ? Self.grouped(done) : amount(done)) of \(amount($0))" } ?? amount(done)]
        if withShare, total == nil, let percent { parts[0] += " (\(percent)%)" }
        parts.append("\(amount(Int(rate)))/s")
        parts.append(remaining.map { "\(Self.duration($0)) left" } ?? Self.duration(elapsed))
        if let note { parts.append(note) }
        return parts.joined(separator: ", ")
    }

    /// A line with a bar, no wider than the terminal.
    ///
    /// - Parameter width: columns; the bar takes what the text leaves, and is omitted if that is too little.
    func bar(width: Int) -> String {
        // The bar already shows a percentage.
        let words = words(withShare: false)
        guard let share, let percent, note == nil || words.count + 18 <= width else { return String(words.prefix(max(0, width - 1))) }
        let room = min(40, width - words.count - 9)
        let begin = String(repeating: " ", count: 3 - percent.count) + percent + "%"
        guard room >= 8 else { return String("\(begin) \(words)".prefix(max(0, width - 1))) }
        let filled = Int(share * Double(room))
        return "\(begin) [" + String(repeating: "#", count: filled) + String(repeating: ".", count: room - filled) + "] " + words
    }

    private func amount(_ count: Int) -> String {
        switch unit {
        case .rows: "\(Self.grouped(count)) rows"
        case .bytes: Self.bytes(count)
        }
    }

    /// Digits in groups of three: `1,234,567`.
    static func grouped(_ count: Int) -> String {
        let digits = Array(String(count.magnitude))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return (count < 0 ? "-" : "") + text
    }

    /// `12 B`, `3.4 MB`: powers of 1000.
    static func bytes(_ count: Int) -> String {
        var (value, unit) = (Double(count), 0)
        let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
        while value >= 999.5, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return (unit == 0 || value >= 99.95 ? String(format: "%.0f", value) : String(format: "%.1f", value)) + " " + units[unit]
    }

    /// `0.4 s`, `12 s`, `3:05 min`, `2:03:04 h`.
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e9 else { return "long" }
        if seconds < 9.95 { return String(format: "%.1f s", seconds) }
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return String(format: "%d:%02d min", whole / 60, whole % 60) }
        return String(format: "%d:%02d:%02d h", whole / 3600, whole / 60 % 60, whole % 60)
    }
}
