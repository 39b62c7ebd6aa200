namespace Agent.Host.Configuration.Hocon;

/// <summary>Text that is not HOCON, or that cannot be resolved; <see cref="Origin"/> says where.</summary>
public sealed class HoconException : Exception
{
    public HoconException(HoconOrigin origin, string problem)
        : base($"{origin}: {problem}")
    {
        Origin = origin;
        Problem = problem;
    }

    public HoconOrigin Origin { get; }

    /// <summary>The message without its place.</summary>
    public string Problem { get; }
}
