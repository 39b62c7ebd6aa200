using System.Net;
using Agent.Actors.Backends;
using Agent.Backends.Bind9;
using Agent.Backends.Embedded;
using Agent.Backends.Fake;
using Agent.Backends.ZoneFiles;
using Agent.Host.Configuration;

namespace Agent.Host.Composition;

/// <summary>Makes the driver of a target from its settings.</summary>
internal static class TargetFactory
{
    /// <exception cref="ArgumentException">A setting can never work; the message says which.</exception>
    public static IZoneBackend Create(TargetOptions target, EmbeddedZoneTable zones, TimeProvider clock, ILoggerFactory loggers)
    {
        try
        {
            return target.Settings switch
            {
                EmbeddedSettings => new EmbeddedBackend(zones, clock),
                FakeSettings => new FakeBackend(loggers.CreateLogger<FakeBackend>(), clock),
                ZoneFilesSettings files => new ZoneFilesBackend(
                    new ZoneFilesOptions(files.Directory)
                    {
                        Command = files.Command,
                        CommandTimeout = files.CommandTimeout,
                        Server = EndPointOf(target.Server),
                    },
                    clock),
                Bind9Settings bind => new Bind9Backend(OptionsOf(bind, target.Server), clock),
                _ => throw new ArgumentException($"the driver '{target.Driver}' is not part of this version"),
            };
        }
        catch (ArgumentException problem)
        {
            throw new ArgumentException($"target {target.Name}: {problem.Message}", problem);
        }
    }

    private static Bind9Options OptionsOf(Bind9Settings settings, HostEndpoint? server) => new(settings.ZoneDirectory)
    {
        Host = settings.Control.Host,
        Port = settings.Control.Port,
        KeyFile = settings.KeyFile,
        KeyName = settings.Key?.Name,
        KeyAlgorithm = settings.Key?.Algorithm ?? "hmac-sha256",
        KeySecret = settings.Key is { } key ? Convert.ToBase64String(key.Secret.Reveal()) : null,
        View = settings.View.Length > 0 ? settings.View : null,
        ZoneOptions = settings.ZoneOptions,
        Server = EndPointOf(server),
    };

    private static EndPoint? EndPointOf(HostEndpoint? endpoint) => endpoint switch
    {
        null => null,
        { Address: { } address } => new IPEndPoint(address, endpoint.Port),
        _ => new DnsEndPoint(endpoint.Host, endpoint.Port),
    };
}
