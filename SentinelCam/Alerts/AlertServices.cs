namespace SentinelCam.Alerts;

/// <summary>Mails to owners: their content, recipients and timing.</summary>
public static class AlertServices
{
    public static IServiceCollection AddAlerts(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(AlertOptions.Read(configuration));
        services.AddSingleton(ForwardOptions.Read(configuration));
        services.AddScoped<ForwardPlan>();
        services.AddSingleton<MailTest>();
        services.AddScoped<AccountLinks>();
        services.AddScoped<AddressConfirmation>();
        services.AddScoped<AlertGrouping>();
        services.AddScoped<AlertNotices>();
        services.AddScoped<AlertReview>();
        services.AddScoped<AnswerLinks>();
        services.AddScoped<AlertSettings>();
        services.AddScoped<ExtraRecipients>();
        services.AddScoped<DeliveryPlan>();
        services.AddScoped<MailLimit>();
        services.AddScoped<DeliveryResend>();
        services.AddScoped<DeliveryProblems>();
        services.AddSingleton<StoredMailPictures>();
        services.AddScoped<AlertContentQuery>();
        return services;
    }
}
