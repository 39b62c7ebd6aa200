namespace Agent.Host.Configuration.Hocon;

public enum HoconOriginKind
{
    File,
    Environment,
    CommandLine,
}

/// <summary>Where a value was written, so that every error and <c>config show --origin</c> can name the place.</summary>
/// <param name="Source">The file, the environment variable's name, or the text of the command line option.</param>
/// <param name="Line">From 1; 0 where lines mean nothing.</param>
/// <param name="UsedAt">For a variable: the substitution that asked for it.</param>
public sealed record HoconOrigin(HoconOriginKind Kind, string Source, int Line = 0, int Column = 0, HoconOrigin? UsedAt = null)
{
    public override string ToString() => Kind switch
    {
        HoconOriginKind.Environment => UsedAt is null ? $"environment {Source}" : $"environment {Source} (used at {UsedAt})",
        HoconOriginKind.CommandLine => Source,
        _ => $"{Source}:{Line}:{Column}",
    };
}
