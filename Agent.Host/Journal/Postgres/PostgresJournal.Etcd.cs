using Agent.Host.Etcd;
using Npgsql;

namespace Agent.Host.Journal.Postgres;

/// <content>Whose revisions the epochs of shards come from.</content>
public sealed partial class PostgresJournal : IEtcdMemory
{
    /// <inheritdoc/>
    public Task<EtcdPast> RecallAsync() => AskAsync(PostgresEtcd.Recall);

    /// <inheritdoc/>
    public Task<EtcdPast> RememberAsync(ulong cluster, int incarnation) =>
        AskAsync(connection => PostgresEtcd.Remember(connection, cluster, incarnation));

    private Task<EtcdPast> AskAsync(Func<NpgsqlConnection, EtcdPast> ask)
    {
        var answer = new TaskCompletionSource<EtcdPast>(TaskCreationOptions.RunContinuationsAsynchronously);
        Enqueue(new Request(
            () => answer.SetResult(ask(Store().Connection)), reason => answer.TrySetException(new IOException(reason.Text))));
        return answer.Task;
    }
}
