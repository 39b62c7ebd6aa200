using Agent.Backends.Gdnsd;

namespace Agent.Host.Configuration;

/// <param name="Control">Full path of gdnsd's control socket.</param>
/// <param name="ZoneDirectory">Full path of the folder <c>zones</c> of its configuration.</param>
public sealed record GdnsdSettings(string Control, string ZoneDirectory) : TargetSettings
{
    internal override TargetFolder Files => new(TargetFolders.Key, ZoneDirectory);

    public GdnsdOptions ToOptions(HostEndpoint server) => new(Control, ZoneDirectory, server.ToEndPoint());

    internal static GdnsdSettings Read(SectionReader section, TargetSurroundings around)
    {
        string control = section.File("control");
        if (control.Length == 0) section.Problem("control", "the path of gdnsd's control socket must be given");
        string zones = section.File(TargetFolders.Key);
        if (zones.Length == 0) section.Problem(TargetFolders.Key, "the folder zones of gdnsd's configuration must be given");
        return new GdnsdSettings(control, zones);
    }
}
