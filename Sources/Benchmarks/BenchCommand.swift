import CommandSupport

/// `accrue bench`: figures that users can reproduce.
package enum BenchCommand: Command {
    static let name = "bench"
    static let computes = true
    static let summary = "Measure this machine"
    static let usage = "engine|predict|rebalance|memory|http|durability|load [OPTIONS]"
    static let operands: [Operand] = [.choice(["engine", "predict", "rebalance", "memory", "http", "durability", "load"])]
    static let options = [
        Option("--dimension", "N,…", "width D of the model; engine and predict take several (2048; memory 8192)"),
        Option("--inputs", "N", "predict, rebalance, memory, load: length of what random_relu maps to D (none; rebalance, load 384)"),
        Option("--activation", "relu|gelu|cos", "predict, with --inputs: another map than random_relu"),
        Option("--classes", "N,…", "classes (100; load 40)"),
        Option("--batch", "N,…", "rows per request (engine 1,64,1024; predict 1,8,64,512; http and memory 64)"),
        Option("--against", "published", "engine: also time the published left-to-right recursion"),
        Option("--at-rest", nil, "memory: what models of several widths take once they rest (384,1024,2048)"),
        Option("--cap", "N", "rebalance: maximum number of pseudo-features per class (128)"),
        Option("--connections", "N", "http and durability: connections that learn (2; durability 64)"),
        Option("--data", "DIR", "durability and load: where to create a temporary directory (.)"),
        Option("--rows", "N", "rows to recover from a log, or to learn (durability 200000; memory 2000; load 60000)"),
        Option("--requests", "N", "durability: single-row requests to log and recover (6000)"),
        Option("--checkpoint-dimension", "N", "durability: D of the model that writes checkpoints while it predicts (4096)"),
        Option("--map", "N", "http: width of random_relu, from vectors of length --dimension (none; then 384)"),
        Option("--rate", "N", "http: single predictions per second (200)"),
        Option("--compute-threads", "N", "threads for a large matrix operation (as in serve, or one per core)"),
        Option("--seconds", "S", "how long to measure each figure (3)"),
        Option("--json", nil, "print JSON instead of a table"),
    ]

    static func run(_ arguments: ParsedArguments) throws {
        guard arguments.words.count == 1 else {
            throw UsageError("say what to measure: engine, predict, rebalance, memory, http, durability or load")
        }
        switch arguments.words[0] {
        case "engine": try EngineBench(arguments).run()
        case "predict": try PredictBench(arguments).run()
        case "rebalance": try RebalanceBench(arguments).run()
        case "memory" where arguments.has("--at-rest"): try RestingMemoryBench(arguments).run()
        case "memory": try MemoryBench(arguments).run()
        case "http": try HTTPBench(arguments).run()
        case "durability": try DurabilityBench(arguments).run()
        case "load": try LoadBench(arguments).run()
        default:
            throw UsageError(
                "unknown benchmark \"\(arguments.words[0])\"; expected engine, predict, rebalance, memory, http, durability or load")
        }
    }
}

/// An error that ends a benchmark.
struct BenchError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
