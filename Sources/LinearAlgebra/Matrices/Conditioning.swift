/// Limits beyond which digits are lost, shared by solutions, a model's health and checks of stored data.
public enum Conditioning {
    /// Above this condition number a factorisation succeeds only by luck.
    public static let largestFactored = 1e15

    /// Above this condition number fewer than four digits of a solution are certain.
    public static let largestTrusted = 1e12

    /// Largest relative residual of weights that count as a solution.
    public static let largestResidual = 1e-6

    /// The ridge from which a matrix of this trace is well conditioned.
    public static func curingRidge(trace: Double) -> Double { trace * 1e-10 }

    /// Largest eigenvalue that is left out of a solution: ε·D·max.
    static func spectralFloor(dimension: Int, largest: Double) -> Double { .ulpOfOne * Double(dimension) * largest }
}
