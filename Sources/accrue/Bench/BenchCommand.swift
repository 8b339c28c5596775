/// `accrue bench`: figures that users can repeat.
enum BenchCommand: Command {
    static let name = "bench"
    static let summary = "Measure this machine"
    static let usage = "engine [OPTIONS]"
    static let options = [
        Option("--dimension", "N,…", "engine: width D of the model (2048)"),
        Option("--classes", "N,…", "engine: classes (100)"),
        Option("--batch", "N,…", "engine: rows a request (64)"),
        Option("--against", "published", "engine: time the published left-to-right recursion too"),
        Option("--seconds", "S", "how long each figure is measured (3)"),
        Option("--json", nil, "print JSON instead of a table"),
    ]

    static func run(_ arguments: ParsedArguments) throws {
        guard arguments.words.count == 1 else { throw UsageError("say what to measure: engine") }
        switch arguments.words[0] {
        case "engine": try EngineBench(arguments).run()
        default: throw UsageError("there is no benchmark \"\(arguments.words[0])\"; there is engine")
        }
    }
}
