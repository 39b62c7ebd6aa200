using Agent.Backends.Tinydns;

namespace Agent.Host.Configuration;

/// <param name="Root">Full path of tinydns' ROOT.</param>
public sealed record TinydnsSettings(string Root) : TargetSettings
{
    internal override TargetFolder Files => new("root", Root);

    public TinydnsOptions ToOptions(HostEndpoint server) => new(Root, server.ToEndPoint());

    internal static TinydnsSettings Read(SectionReader section, TargetSurroundings around)
    {
        string root = section.File("root");
        if (root.Length == 0) section.Problem("root", "the folder of tinydns' data.cdb must be given");
        return new TinydnsSettings(root);
    }
}
