using Agent.Actors.Transfers;
using Agent.Backends.Nsd;

namespace Agent.Host.Configuration;

/// <summary>Reads what belongs to the nsd driver alone.</summary>
internal static class NsdSettingsReader
{
    private const string SocketPrefix = "unix:";

    private const string OurKey = "client-key";

    private static readonly string[] CertificateKeys = ["server-certificate", "client-certificate", OurKey];

    public static NsdSettings Read(SectionReader section, TargetSurroundings around)
    {
        string control = section.Text("control");
        string[] certificates = [.. CertificateKeys.Select(key => key == OurKey ? section.SecretFile(key) : section.File(key))];
        section.LookFor(CertificateKeys);
        string pattern = section.Text("pattern");
        if (pattern.Length == 0) section.Problem("pattern", "the pattern of nsd.conf that the zones get must be named");
        string directory = section.File(TargetFolders.Key);
        if (directory.Length == 0) section.Problem(TargetFolders.Key, "the folder that the pattern's zonefile names must be given");
        IReadOnlyList<(ZonePattern Zones, string Template)> templates = TemplatesReader.Read(section);
        if (control.StartsWith(SocketPrefix, StringComparison.Ordinal))
        {
            return new NsdSettings(ReadSocket(section, control, certificates), null, certificates, pattern, directory)
            {
                Templates = templates,
            };
        }

        HostEndpoint? host = control.Length == 0 ? null : HostEndpoint.Parse(control, NsdControlPlace.Tls.DefaultPort);
        if (host is null or { Port: 0 })
            section.WrongValue("control", $"nsd's control socket is needed, unix:PATH or HOST:PORT, not '{control}'");
        else if (certificates.Any(string.IsNullOrEmpty))
            section.Problem("control", $"over TCP {string.Join(", ", CertificateKeys)} are all needed");
        host ??= new HostEndpoint("127.0.0.1", NsdControlPlace.Tls.DefaultPort);
        return new NsdSettings(null, host, certificates, pattern, directory) { Templates = templates };
    }

    private static string ReadSocket(SectionReader section, string control, string[] certificates)
    {
        string path = control[SocketPrefix.Length..];
        if (!path.StartsWith('/')) section.WrongValue("control", "the path of the socket must begin with /, as in nsd.conf");
        if (certificates.Any(file => file.Length > 0)) section.Problem("control", "a unix socket takes no certificates; leave them empty");
        return path;
    }
}
