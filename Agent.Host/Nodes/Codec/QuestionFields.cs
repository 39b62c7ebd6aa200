using Agent.Actors.Cluster;

namespace Agent.Host.Nodes;

/// <summary>Questions for one node and their answers (Agent.Actors/Cluster/NodeQuestionMessages.cs).</summary>
internal static class QuestionFields
{
    public static void Write(FieldWriter writer, NodeQuestion message)
    {
        writer.Signed(1, message.Request);
        writer.Text(2, message.Method);
        writer.Text(3, message.Target);
    }

    public static void Write(FieldWriter writer, NodeAnswer message)
    {
        writer.Signed(1, message.Request);
        writer.Signed(2, message.Status);
        writer.Octets(3, message.Body.AsSpan());
    }

    public static NodeQuestion? ReadQuestion(ref FieldReader reader)
    {
        long? request = null;
        string? method = null;
        string? target = null;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: request = reader.Signed(); break;
                case 2: method = reader.Text(); break;
                case 3: target = reader.Text(); break;
            }
        }

        return request is null || method is null || target is null ? null : new NodeQuestion(request.Value, method, target);
    }

    public static NodeAnswer? ReadAnswer(ref FieldReader reader)
    {
        long? request = null;
        int? status = null;
        byte[] body = [];
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: request = reader.Signed(); break;
                case 2: status = reader.Int32(); break;
                case 3: body = reader.Octets().ToArray(); break;
            }
        }

        return request is null || status is null ? null : new NodeAnswer(request.Value, status.Value, [.. body]);
    }
}
