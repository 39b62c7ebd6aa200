using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Host.Web;

/// <summary>What the servers of the targets serve, record by record, as they themselves tell.</summary>
public interface IServedZones
{
    /// <summary>Asks the server of a target for a zone. The answer is to be disposed.</summary>
    /// <param name="target">As the status of a zone names it.</param>
    /// <param name="zone">Its name.</param>
    /// <param name="maximumBytes">A zone that takes more room is given up.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="IOException">The spool cannot be written.</exception>
    Task<ServedAnswer> ReadAsync(string target, DomainName zone, long maximumBytes, CancellationToken stop);
}

/// <summary>A target's content of a zone, or why there is none.</summary>
/// <param name="Content">What it serves; null when it cannot be told.</param>
/// <param name="Code">A stable word when it cannot.</param>
/// <param name="Text">The same in words.</param>
public sealed record ServedAnswer(ZoneContent? Content, string Code, string Text) : IDisposable
{
    public void Dispose() => (Content as IDisposable)?.Dispose();
}
