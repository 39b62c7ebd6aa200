using Agent.Actors.Cluster;
using Agent.Actors.Kernel;

namespace Agent.Actors.Cookies;

/// <summary>
/// Keeps the secrets of cookies: alone in memory, in a cluster as one key of the store, which any node brings in line and all follow. Two
/// that do so at once compare with what they saw, so one of them finds the other's.
/// </summary>
public sealed class CookieActor : UntypedActor
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(2);
    private static readonly object LookTimer = new();

    private readonly CookieSettings _settings;
    private CookieSecrets? _own;
    private CookieSecrets? _used;
    private long _request;
    private bool _isPending;

    private CookieActor(CookieSettings settings) => _settings = settings;

    /// <summary>The recipe.</summary>
    public static Props Props(CookieSettings settings) => Kernel.Props.Create(static s => new CookieActor(s), settings);

    /// <inheritdoc/>
    protected internal override void PreStart() => Timers.StartPeriodicTimer(LookTimer, LookTimer, TimeSpan.Zero, Pace);

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case object timer when timer == LookTimer: Look(); break;
            case ClusterState state when _settings.Cluster is { } cluster: Follow(cluster, state); break;
            case StoreCommitted x when x.Request == _request: _isPending = false; break;
            case StoreFailed x when x.Request == _request: _isPending = false; break;
            case StoreCommitted or StoreFailed: break;
            default: Unhandled(message); break;
        }
    }

    private void Look()
    {
        if (_settings.Cluster is { } cluster)
        {
            cluster.View.Tell(new GetClusterState(), Self);
            return;
        }

        if (Next(_own) is { } next) Use(_own = next);
    }

    private void Follow(CookieCluster cluster, ClusterState state)
    {
        Held<CookieSecrets>? held = state.View.CookieSecrets;
        if (held is not null) Use(held.Record);
        if (_isPending || !state.IsCurrent || Next(held?.Record) is not { } next) return;
        string key = cluster.Keys.CookieSecrets;
        _isPending = true;
        cluster.Store.Commit(
            ++_request,
            new StoreTransaction(
                [new StoreCompare(key, StoreField.ModRevision, held?.ModRevision ?? 0)],
                [new StoreWrite(key, ClusterRecords.Write(next), 0)]),
            Context.ReplyTo());
    }

    private CookieSecrets? Next(CookieSecrets? known) => CookieRotation.Next(known, Clock.UtcNow, _settings.RotateEvery, _settings.Draw);

    private void Use(CookieSecrets secrets)
    {
        if (ReferenceEquals(secrets, _used)) return;
        _used = secrets;
        _settings.Jar.Use(secrets);
    }
}

/// <summary>What a <see cref="CookieActor"/> works with.</summary>
/// <param name="Jar">Follows the secrets.</param>
/// <param name="RotateEvery">How long new cookies are made with one secret.</param>
/// <param name="Draw">Gives a new secret that nobody can guess: <see cref="CookieSecret.Octets"/>.</param>
/// <param name="Cluster">Where nodes share the secrets; null for an agent that stands alone.</param>
public sealed record CookieSettings(CookieJar Jar, TimeSpan RotateEvery, Func<string> Draw, CookieCluster? Cluster);

/// <summary>Where nodes share the secrets.</summary>
public sealed record CookieCluster(ClusterKeys Keys, IClusterStore Store, IActorRef View);
