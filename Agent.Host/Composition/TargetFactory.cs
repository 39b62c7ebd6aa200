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
                ZoneFilesSettings files => new ZoneFilesBackend(files.ToOptions(target.Server), clock),
                Bind9Settings bind => new Bind9Backend(bind.ToOptions(target.Server), clock),
                _ => throw new ArgumentException($"the driver '{target.Driver}' is not part of this version"),
            };
        }
        catch (ArgumentException problem)
        {
            throw new ArgumentException($"target {target.Name}: {problem.Message}", problem);
        }
    }
}
