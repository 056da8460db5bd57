//! The rows of the authorisation table, and nothing else.
//!
//! `Name = "operation_id": LeastRole`, then `or Permission` where a share of the thing with that permission is enough,
//! `of Scope` where the operation reaches something else than one workspace, and `with Feature` where the plan must have it.

use tidemill_common::api::plan::Feature;
use tidemill_common::api::share::Permission;
use tidemill_common::api::workspace::Role;

use super::policy::Scope;

macro_rules! operations {
    ($($name:ident = $id:literal: $role:ident $(or $permission:ident)? $(of $scope:ident)? $(with $feature:ident)?),+ $(,)?) => {
        /// An operation that needs a token.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Operation {
            $(#[doc = concat!("`", $id, "`")] $name,)+
        }

        impl Operation {
            /// Every operation.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Its `operationId`.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)+ }
            }

            /// The least role that may do it.
            pub fn least_role(self) -> Role {
                match self { $(Self::$name => Role::$role,)+ }
            }

            /// What a share of the thing must permit, where one is enough.
            pub fn permission(self) -> Option<Permission> {
                match self { $(Self::$name => operations!(@permission $($permission)?),)+ }
            }

            /// What it reaches.
            pub fn scope(self) -> Scope {
                match self { $(Self::$name => operations!(@scope $($scope)?),)+ }
            }

            /// What the organization's plan must have.
            pub fn feature(self) -> Option<Feature> {
                match self { $(Self::$name => operations!(@feature $($feature)?),)+ }
            }
        }
    };
    (@permission) => { None };
    (@permission $permission:ident) => { Some(Permission::$permission) };
    (@feature) => { None };
    (@feature $feature:ident) => { Some(Feature::$feature) };
    (@scope) => { Scope::Workspace };
    (@scope $scope:ident) => { Scope::$scope };
}

operations! {
    AccountView = "account_view": Guest of Account,
    AccountUpdate = "account_update": Guest of Account,
    AccountExport = "account_export": Guest of Account,
    AccountErase = "account_erase": Guest of Account,
    PasswordChange = "password_change": Guest of Account,
    TotpEnroll = "totp_enroll": Guest of Account,
    TotpConfirm = "totp_confirm": Guest of Account,
    TotpDisable = "totp_disable": Guest of Account,
    SessionList = "session_list": Guest of Account,
    SessionRevoke = "session_revoke": Guest of Account,
    SessionEnd = "session_end": Guest of Account,
    DeviceApprove = "device_approve": Guest of Account,
    SharedList = "shared_list": Guest of Account,
    OrganizationList = "organization_list": Guest of Account,
    OrganizationCreate = "organization_create": Admin of Server,
    OrganizationView = "organization_view": Admin of Organization,
    OrganizationUpdate = "organization_update": Admin of Organization,
    OrganizationSubscriptionUpdate = "organization_subscription_update": Admin of Server,
    OrganizationAuditList = "organization_audit_list": Admin of Organization,
    UserList = "user_list": Admin of Organization,
    UserUpdate = "user_update": Admin of Organization,
    UserPasswordReset = "user_password_reset": Admin of Organization,
    UserErase = "user_erase": Admin of Organization,
    PlanList = "plan_list": Guest of Account,
    PlanPut = "plan_put": Admin of Server,
    PlanDelete = "plan_delete": Admin of Server,
    QuotaView = "quota_view": Guest of Account,
    UsageList = "usage_list": Admin of Organization,
    BillingSubscriptionView = "billing_subscription_view": Admin of Organization,
    BillingSubscriptionCreate = "billing_subscription_create": Admin of Organization,
    BillingSubscriptionCancel = "billing_subscription_cancel": Admin of Organization,
    PlanUpgrade = "plan_upgrade": Admin of Organization,
    PlanDowngrade = "plan_downgrade": Admin of Organization,
    BillingEventList = "billing_event_list": Admin of Organization,
    InvoiceList = "invoice_list": Admin of Organization,
    InvoiceView = "invoice_view": Admin of Organization,
    InvoicePageView = "invoice_page_view": Admin of Organization,
    InvoicePay = "invoice_pay": Admin of Server,
    CheckoutCreate = "checkout_create": Admin of Organization,
    PortalCreate = "portal_create": Admin of Organization,
    LtvCacView = "ltv_cac_view": Admin of Server,
    AcquisitionCostPut = "acquisition_cost_put": Admin of Server,
    WorkspaceList = "workspace_list": Guest of Account,
    WorkspaceCreate = "workspace_create": Admin of Organization,
    WorkspaceView = "workspace_view": Guest,
    WorkspaceUpdate = "workspace_update": Admin,
    WorkspaceArchive = "workspace_archive": Admin,
    WorkspaceUnarchive = "workspace_unarchive": Admin,
    WorkspaceDelete = "workspace_delete": Admin,
    WorkspaceRestore = "workspace_restore": Admin,
    WorkspaceLeave = "workspace_leave": Guest,
    MemberList = "member_list": Viewer,
    MemberAdd = "member_add": Admin,
    MemberUpdate = "member_update": Admin,
    MemberRemove = "member_remove": Admin,
    ServiceAccountCreate = "service_account_create": Admin,
    InviteList = "invite_list": Admin,
    InviteCreate = "invite_create": Admin,
    InviteRevoke = "invite_revoke": Admin,
    ShareList = "share_list": Editor,
    ShareCreate = "share_create": Editor,
    ShareRevoke = "share_revoke": Editor,
    AuditList = "audit_list": Admin,
    AuditExport = "audit_export": Admin with AuditExport,
    TokenList = "token_list": Admin,
    TokenCreate = "token_create": Admin,
    TokenRevoke = "token_revoke": Admin,
    SecretList = "secret_list": Editor,
    SecretPut = "secret_put": Editor,
    SecretDelete = "secret_delete": Editor,
    CredentialList = "credential_list": Editor,
    CredentialView = "credential_view": Editor,
    CredentialPut = "credential_put": Editor,
    CredentialDelete = "credential_delete": Editor,
    SubscriptionList = "subscription_list": Editor,
    SubscriptionView = "subscription_view": Editor,
    SubscriptionCreate = "subscription_create": Editor,
    SubscriptionUpdate = "subscription_update": Editor,
    SubscriptionRotate = "subscription_rotate": Editor,
    SubscriptionTest = "subscription_test": Editor,
    SubscriptionDelete = "subscription_delete": Editor,
    SubscriptionDeliveryList = "subscription_delivery_list": Editor,
    SubscriptionRedeliver = "subscription_redeliver": Editor,
    WorkflowList = "workflow_list": Viewer or View,
    WorkflowView = "workflow_view": Viewer or View,
    WorkflowApply = "workflow_apply": Editor or Edit,
    WorkflowValidate = "workflow_validate": Viewer,
    WorkflowDelete = "workflow_delete": Editor,
    WorkflowActivate = "workflow_activate": Editor or Edit,
    WorkflowDeactivate = "workflow_deactivate": Editor or Edit,
    WorkflowVersionList = "workflow_version_list": Viewer or View,
    WorkflowVersionView = "workflow_version_view": Viewer or View,
    TriggerList = "trigger_list": Viewer,
    TriggerView = "trigger_view": Viewer,
    TriggerTest = "trigger_test": Editor,
    ScheduleExplain = "schedule_explain": Viewer,
    CodeExecute = "code_execute": Editor,
    ExecutionCreate = "execution_create": Editor or Execute,
    ExecutionList = "execution_list": Viewer or View,
    ExecutionView = "execution_view": Viewer or View,
    ExecutionEvents = "execution_events": Viewer or View,
    ExecutionPayloadView = "execution_payload_view": Viewer or View,
    ExecutionStream = "execution_stream": Viewer or View,
    ExecutionCancel = "execution_cancel": Editor or Execute,
    ExecutionPause = "execution_pause": Editor or Execute,
    ExecutionResume = "execution_resume": Editor or Execute,
    ExecutionMetricsView = "execution_metrics_view": Viewer,
    ExecutionWhyView = "execution_why_view": Viewer or View,
    ExecutionRetry = "execution_retry": Editor or Execute,
    NodeList = "node_list": Viewer,
    ApprovalList = "approval_list": Viewer,
    ExecutionApprove = "execution_approve": Viewer,
    ExecutionReject = "execution_reject": Viewer,
    ExecutionDecide = "execution_decide": Editor,
    ExecutionBulkCreate = "execution_bulk_create": Editor,
    ExecutionBulkList = "execution_bulk_list": Viewer,
    ExecutionBulkStop = "execution_bulk_stop": Editor,
    RefusedDeliveryList = "refused_delivery_list": Viewer,
    RefusedDeliveryReplay = "refused_delivery_replay": Editor,
    DeadLetterList = "dead_letter_list": Viewer,
    DeadLetterCauseList = "dead_letter_cause_list": Viewer,
    DeadLetterReplay = "dead_letter_replay": Editor,
    DeadLetterDiscard = "dead_letter_discard": Editor,
    WorkspaceStream = "workspace_stream": Viewer,
}
