/// `accrue bench`: figures that users can repeat.
enum BenchCommand: Command {
    static let name = "bench"
    static let computes = true
    static let summary = "Measure this machine"
    static let usage = "engine|predict|rebalance|memory|http|durability [OPTIONS]"
    static let operands: [Operand] = [.choice(["engine", "predict", "rebalance", "memory", "http", "durability"])]
    static let options = [
        Option("--dimension", "N,…", "width D of the model; engine and predict take several (2048; memory 8192)"),
        Option("--inputs", "N", "predict and rebalance: length of the vectors that random_relu maps to D (none; rebalance 384)"),
        Option("--classes", "N,…", "classes (100)"),
        Option("--batch", "N,…", "rows a request (engine 1,64,1024; predict 1,8,64,512; http and memory 64)"),
        Option("--against", "published", "engine: time the published left-to-right recursion too"),
        Option("--cap", "N", "rebalance: the most pseudo-features a class (128)"),
        Option("--connections", "N", "http and durability: connections that learn (2; durability 64)"),
        Option("--data", "DIR", "durability: where to put a data directory, which is removed again (.)"),
        Option("--rows", "N", "durability: logged rows that are recovered (200000)"),
        Option("--checkpoint-dimension", "N", "durability: D of the model whose checkpoints are made under predictions (4096)"),
        Option("--rate", "N", "http: single predictions a second (200)"),
        Option("--compute-threads", "N", "threads of a large matrix operation (as serve, or one a core)"),
        Option("--seconds", "S", "how long each figure is measured (3)"),
        Option("--json", nil, "print JSON instead of a table"),
    ]

    static func run(_ arguments: ParsedArguments) throws {
        guard arguments.words.count == 1 else {
            throw UsageError("say what to measure: engine, predict, rebalance, memory, http or durability")
        }
        switch arguments.words[0] {
        case "engine": try EngineBench(arguments).run()
        case "predict": try PredictBench(arguments).run()
        case "rebalance": try RebalanceBench(arguments).run()
        case "memory": try MemoryBench(arguments).run()
        case "http": try HTTPBench(arguments).run()
        case "durability": try DurabilityBench(arguments).run()
        default:
            throw UsageError(
                "there is no benchmark \"\(arguments.words[0])\"; there are engine, predict, rebalance, memory, http and durability")
        }
    }
}
