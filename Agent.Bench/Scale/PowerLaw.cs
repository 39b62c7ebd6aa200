namespace Agent.Bench.Scale;

/// <summary>A cost that grows as a power of a size, by least squares on logarithmic axes.</summary>
internal static class PowerLaw
{
    /// <summary>The exponent; the points' own scale does not matter to it.</summary>
    /// <param name="points">Sizes with their costs, all above 0.</param>
    /// <exception cref="ArgumentException">Less than two sizes have no line.</exception>
    public static double Exponent(IReadOnlyCollection<(double Size, double Cost)> points)
    {
        if (points.Select(point => point.Size).Distinct().Count() < 2)
            throw new ArgumentException("at least two sizes are needed", nameof(points));
        double middleSize = points.Average(point => Math.Log(point.Size));
        double middleCost = points.Average(point => Math.Log(point.Cost));
        double together = points.Sum(point => (Math.Log(point.Size) - middleSize) * (Math.Log(point.Cost) - middleCost));
        return together / points.Sum(point => Math.Pow(Math.Log(point.Size) - middleSize, 2));
    }
}
