using Agent.Actors.Transfers;
using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Backends.Bind9;

/// <summary>Which configuration each zone gets.</summary>
internal sealed class ZoneStanzas
{
    private readonly ZonePatternMap<ZoneStanza> _own;

    /// <summary>Checks all statements.</summary>
    /// <exception cref="BackendOptionsException">Some can never work.</exception>
    public ZoneStanzas(Bind9Options options)
    {
        Common = new ZoneStanza(options.ZoneOptions);
        _own = new ZonePatternMap<ZoneStanza>(
            [.. options.Templates.Select(static own => (own.Zones, new ZoneStanza(own.ZoneOptions, "templates")))]);
    }

    /// <summary>That of zones without one of their own.</summary>
    public ZoneStanza Common { get; }

    /// <summary>That of a zone.</summary>
    public ZoneStanza For(DomainName zone) => _own.TryFind(zone, out ZoneStanza? own) ? own : Common;
}
