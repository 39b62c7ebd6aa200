using System.Net;
using Agent.Backends.Shared;
using Agent.Host.Configuration.Hocon;

namespace Agent.Host.Configuration;

/// <summary>How a driver makes its server transfer zones itself.</summary>
internal enum SecondaryMeans
{
    /// <summary>It cannot: it gives the content.</summary>
    None,

    /// <summary>It tells the server its primaries.</summary>
    ToldPrimaries,

    /// <summary>The server's own configuration names them.</summary>
    OwnPrimaries,
}

/// <summary>The server of a target transfers its zones itself.</summary>
/// <param name="Primaries">From there; none where the server's own configuration says it.</param>
/// <param name="Key">Name of the key that signs; null for none.</param>
public sealed record SecondarySettings(IReadOnlyList<HostEndpoint> Primaries, string? Key)
{
    private const string Style = "style";
    private const string PrimariesKey = "primaries";
    private const string PrimaryKey = "primary-key";

    /// <summary>Each server tries all of them for each zone.</summary>
    private const int PrimariesMax = 16;

    public TransferSource ToSource() => new([.. Primaries.Select(one => new IPEndPoint(one.Address!, one.Port))], Key);

    /// <summary>Null where the driver gives the content, by choice or because it can do nothing else.</summary>
    internal static SecondarySettings? Read(SectionReader section, TargetDriver driver, TargetSurroundings around)
    {
        if (driver.Secondary == SecondaryMeans.None)
        {
            IEnumerable<TargetDriver> able = TargetDrivers.All.Values.Where(one => one.Secondary != SecondaryMeans.None);
            string names = string.Join(", ", able.Select(one => one.Name));
            section.Reject(Style, $"the driver {driver.Name} gives its server the content; style is a choice of {names}");
            return null;
        }

        bool isSecondary = section.Choice(Style, ("data", false), ("secondary", true));
        if (driver.Secondary == SecondaryMeans.OwnPrimaries)
        {
            foreach (string key in (string[])[PrimariesKey, PrimaryKey])
                section.Reject(key, $"the server's own configuration says from whom it transfers ({driver.Name} cannot be told)");
            return isSecondary ? new SecondarySettings([], null) : null;
        }

        List<HostEndpoint> primaries = ReadPrimaries(section);
        string name = section.Text(PrimaryKey);
        if (!isSecondary)
        {
            if (section.Items(PrimariesKey).Count > 0) section.Problem(PrimariesKey, "this belongs to style = secondary");
            if (name.Length > 0) section.Problem(PrimaryKey, "this belongs to style = secondary");
            return null;
        }

        if (name.Length > 0) KeyReader.Check(section, PrimaryKey, name, around.Keys);
        if (section.Items(PrimariesKey).Count == 0) primaries = Ourselves(section, around);
        return new SecondarySettings(primaries, name.Length > 0 ? name : null);
    }

    private static List<HostEndpoint> ReadPrimaries(SectionReader section)
    {
        var primaries = new List<HostEndpoint>();
        foreach ((string word, HoconOrigin origin) in section.Words(PrimariesKey))
        {
            if (HostEndpoint.Parse(word, TargetDrivers.DnsPort) is not { Address: not null, Port: > 0 } primary)
                section.WrongItem(origin, PrimariesKey, $"an address is needed, with or without port, not '{word}': 192.0.2.1:5354");
            else if (primaries.Contains(primary))
                section.WrongItem(origin, PrimariesKey, $"{word} is named twice");
            else
                primaries.Add(primary);
        }

        if (primaries.Count > PrimariesMax) section.WrongValue(PrimariesKey, $"at most {PrimariesMax} are taken");
        return primaries;
    }

    /// <summary>This agent, where its configuration says by which address a server reaches it.</summary>
    private static List<HostEndpoint> Ourselves(SectionReader section, TargetSurroundings around)
    {
        bool isOnePlace = around is { Listener: { Port: > 0, Addresses: [var address] }, IsOneOfMany: false }
            && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any);
        if (isOnePlace) return [new HostEndpoint(around.Listener!.Addresses[0].ToString(), around.Listener.Port)];
        section.Problem(PrimariesKey, around.IsOneOfMany
            ? "in a cluster this must say by which addresses the server reaches the nodes: [\"192.0.2.1:5354\", \"192.0.2.2:5354\"]"
            : "this must say by which address the server reaches the agent, which host and port do not: [\"192.0.2.1:5354\"]");
        return [];
    }
}
